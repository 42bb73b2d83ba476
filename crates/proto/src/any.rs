//! What any node may ask any other (`spec/wire-client-master.md` 1.4 and 1.5, `spec/wire-chunkserver.md` 0.5).

use types::{DecodeError, MsgId, Name, Reader, RestBytes, Version, Wire};

packets! { <'a> {
    /// "I am alive". Carries a message id of 0 between client and master, nothing elsewhere; receivers ignore the body.
    0 Nop<'a> { body: RestBytes<'a> }

    /// The receiver did not know a command. Stock peers accept it but never send it.
    1 UnknownCommand { command: BadCommand }

    /// The receiver did not like a command's length. Stock peers accept it but never send it.
    2 BadCommandSize { command: BadCommand }

    /// Asks for the receiver's version.
    10 GetVersion {
        /// Repeated in the answer when present.
        msgid: Option<MsgId>
    }

    /// Answers `GetVersion`.
    11 VersionInfo<'a> { info: VersionForm<'a> }

    /// Asks for an option of the receiver's configuration file.
    80 GetConfig<'a> { msgid: MsgId, option: Name<'a> }

    /// Answers `GetConfig`; empty for an option that is not in the file.
    81 ConfigValue<'a> { msgid: MsgId, value: Name<'a> }
} }

impl Nop<'static> {
    /// The NOP between client and master, and back.
    pub const CLIENT: Nop<'static> = Nop { body: RestBytes(&[0; 4]) };
    /// The NOP of all other links.
    pub const EMPTY: Nop<'static> = Nop { body: RestBytes(&[]) };
}

/// `[u32 msgid] | u32 command | u32 size | u32 version`, the id being there exactly when 16 bytes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadCommand {
    /// The request's message id, on links that have them.
    pub msgid: Option<MsgId>,
    /// Its packet id.
    pub command: u32,
    /// Its length.
    pub size: u32,
    /// The version of who refused it.
    pub version: Version,
}

impl<'a> Wire<'a> for BadCommand {
    const MIN_SIZE: usize = 12;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let msgid = if r.left() == 16 { Some(MsgId::decode(r)?) } else { None };
        Ok(BadCommand {
            msgid,
            command: u32::decode(r)?,
            size: u32::decode(r)?,
            version: Version::decode(r)?,
        })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.msgid.encode(out);
        (self.command, self.size, self.version).encode(out);
    }
}

/// `[u32 msgid] | u32 version | text`. The id is there exactly when the request had one; without knowing that, it is
/// told from the text: a version begins with a zero byte (no major number comes near 256), a text never does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VersionForm<'a> {
    /// The request's message id.
    pub msgid: Option<MsgId>,
    /// The version as a number.
    pub version: Version,
    /// The version as text with the build, `3.0.117-1`; no NUL.
    pub text: RestBytes<'a>,
}

impl<'a> Wire<'a> for VersionForm<'a> {
    const MIN_SIZE: usize = 4;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let first = u32::decode(r)?;
        let has_id = r.clone().rest().first() == Some(&0);
        let (msgid, version) =
            if has_id { (Some(MsgId(first)), Version::decode(r)?) } else { (None, Version(first)) };
        let text = RestBytes::decode(r)?;
        if text.0.first() == Some(&0) {
            return Err(r.bad("version text"));
        }
        Ok(VersionForm { msgid, version, text })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.msgid.encode(out);
        self.version.encode(out);
        self.text.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_with_and_without_id() {
        for msgid in [None, Some(MsgId(0)), Some(MsgId(6))] {
            let form = VersionForm { msgid, version: Version::new(3, 0, 117), text: RestBytes(b"3.0.117-1") };
            let mut bytes = Vec::new();
            form.encode(&mut bytes);
            assert_eq!(VersionForm::decode_whole(&bytes), Ok(form));
        }
    }

    #[test]
    fn bad_command_with_and_without_id() {
        for msgid in [None, Some(MsgId(9))] {
            let form = BadCommand { msgid, command: 444, size: 3, version: Version::new(3, 0, 117) };
            let mut bytes = Vec::new();
            form.encode(&mut bytes);
            assert_eq!(BadCommand::decode_whole(&bytes), Ok(form));
            assert!(BadCommand::decode_whole(&bytes[1..]).is_err());
        }
    }
}
