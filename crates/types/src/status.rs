//! Status codes (`spec/wire-client-master.md` 5).

use crate::{DecodeError, Reader, Wire};
use std::fmt;

/// The outcome of a request. Codes we do not know are kept as they came.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u8);

macro_rules! statuses {
    ($($code:literal $name:ident $text:literal,)*) => {
        impl Status {
            $(#[doc = $text] pub const $name: Status = Status($code);)*

            /// What happened, in words.
            pub fn text(self) -> &'static str {
                match self.0 {
                    $($code => $text,)*
                    _ => "Unknown MFS error",
                }
            }

            fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

// The texts are what stock's tools print (`spec/tools.md` 2.5), so that scripts that look for them keep working.
statuses! {
    0 OK "OK",
    1 EPERM "Operation not permitted",
    2 ENOTDIR "Not a directory",
    3 ENOENT "No such file or directory",
    4 EACCES "Permission denied",
    5 EEXIST "File exists",
    6 EINVAL "Invalid argument",
    7 ENOTEMPTY "Directory not empty",
    8 CHUNKLOST "Chunk lost",
    9 OUTOFMEMORY "Out of memory",
    10 INDEXTOOBIG "Index too big",
    11 LOCKED "Chunk locked",
    12 NOCHUNKSERVERS "No chunk servers",
    13 NOCHUNK "No such chunk",
    14 CHUNKBUSY "Chunk is busy",
    15 REGISTER "Incorrect register BLOB",
    16 NOTDONE "Requested operation not completed",
    17 NOTOPENED "File not opened",
    18 NOTSTARTED "Write not started",
    19 WRONGVERSION "Wrong chunk version",
    20 CHUNKEXIST "Chunk already exists",
    21 NOSPACE "No space left",
    22 IO "IO error",
    23 BNUMTOOBIG "Incorrect block number",
    24 WRONGSIZE "Incorrect size",
    25 WRONGOFFSET "Incorrect offset",
    26 CANTCONNECT "Can't connect",
    27 WRONGCHUNKID "Incorrect chunk id",
    28 DISCONNECTED "Disconnected",
    29 CRC "CRC error",
    30 DELAYED "Operation delayed",
    31 CANTCREATEPATH "Can't create path",
    32 MISMATCH "Data mismatch",
    33 EROFS "Read-only file system",
    34 QUOTA "Quota exceeded",
    35 BADSESSIONID "Bad session id",
    36 NOPASSWORD "Password is needed",
    37 BADPASSWORD "Incorrect password",
    38 ENOATTR "Attribute not found",
    39 ENOTSUP "Operation not supported",
    40 ERANGE "Result too large",
    41 NOTFOUND "Entity not found",
    42 ACTIVE "Entity is active",
    43 CSNOTPRESENT "Chunkserver not present",
    44 WAITING "Waiting on lock",
    45 EAGAIN "Resource temporarily unavailable",
    46 EINTR "Interrupted system call",
    47 ECANCELED "Operation canceled",
    48 ENOENT_NOCACHE "No such file or directory (not cacheable)",
    49 EPERM_NOTADMIN "Operation not permitted (mfs admin only)",
    50 CLASSEXISTS "Class name already in use",
    51 CLASSLIMITREACH "Maximum number of classes reached",
    52 NOSUCHCLASS "No such class",
    53 CLASSINUSE "Class in use",
}

impl Status {
    /// OK as `Ok(())`, everything else as the error.
    pub fn ok(self) -> Result<(), Status> {
        if self == Status::OK { Ok(()) } else { Err(self) }
    }
}

impl From<Result<(), Status>> for Status {
    fn from(result: Result<(), Status>) -> Self {
        result.err().unwrap_or(Status::OK)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "status {}", self.0),
        }
    }
}

impl std::error::Error for Status {}

impl<'a> Wire<'a> for Status {
    const MIN_SIZE: usize = 1;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        u8::decode(r).map(Status)
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.0);
    }
}
