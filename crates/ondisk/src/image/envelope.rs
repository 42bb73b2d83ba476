//! The file around the sections: signature, header, end marker.

use super::{ImageError, Sections};
use types::{DecodeError, Reader, Wire};

/// What files begin with that we write.
pub const SIGNATURE: &[u8; 8] = b"MFSM 2.0";
/// The whole content of `metadata.mfs.empty`: a file system that does not exist yet.
pub const EMPTY_IMAGE: &[u8; 8] = b"MFSM NEW";
/// What files end with.
pub const END_MARKER: &[u8; 16] = b"[MFS EOF MARKER]";

/// Bytes of signature and header.
const HEAD: usize = 24;

/// What an image says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The metadata version: the number that the next changelog line will carry.
    pub version: u64,
    /// Which metadata this is; 0 while not yet decided.
    pub id: u64,
}

impl Header {
    /// The empty file counts as this.
    pub const EMPTY: Header = Header { version: 1, id: 0 };
}

impl<'a> Wire<'a> for Header {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Header { version: Wire::decode(r)?, id: Wire::decode(r)? })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.version.encode(out);
        self.id.encode(out);
    }
}

/// A file that is a metadata image.
#[derive(Clone, Copy, Debug)]
pub enum ImageFile<'a> {
    /// The eight bytes of [`EMPTY_IMAGE`].
    Empty,
    /// An image with sections.
    Image(Image<'a>),
}

/// The bytes of a complete image.
#[derive(Clone, Copy)]
pub struct Image<'a> {
    header: Header,
    /// Header, sections, marker: everything.
    file: &'a [u8],
}

impl<'a> Image<'a> {
    /// Checks signature, header and ending; sections are checked when they are reached.
    pub fn open(file: &'a [u8]) -> Result<ImageFile<'a>, ImageError> {
        if file == EMPTY_IMAGE {
            return Ok(ImageFile::Empty);
        }
        let header = probe(file, &file[file.len().saturating_sub(END_MARKER.len())..])?;
        if file.len() < HEAD + END_MARKER.len() {
            return Err(ImageError::Ending);
        }
        Ok(ImageFile::Image(Image { header, file }))
    }

    /// Version and id.
    pub fn header(&self) -> Header {
        self.header
    }

    /// The file without the sections that only we know ([`super::ImageWriter::end_for_stock`]): an image again, with all
    /// that a 3.0.117 master would read of this one.
    pub fn for_stock(&self) -> Result<&'a [u8], ImageError> {
        let mut end = HEAD;
        for section in self.sections() {
            let section = section?;
            if section.offset as usize > end + super::HEADER {
                break;
            }
            end = section.offset as usize + section.body.len();
        }
        Ok(&self.file[..end + END_MARKER.len()])
    }

    /// The sections in file order, unknown ones too.
    pub fn sections(&self) -> Sections<'a> {
        let end = self.file.len() - END_MARKER.len();
        Sections::new(&self.file[..end], HEAD)
    }
}

impl std::fmt::Debug for Image<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({:?}, {} bytes)", self.header, self.file.len())
    }
}

/// The test for a valid file that needs not all of it: its first 24 bytes (or all of a shorter file) and its last 16.
/// The empty file is valid ([`Header::EMPTY`]).
pub fn probe(head: &[u8], tail: &[u8]) -> Result<Header, ImageError> {
    if head == EMPTY_IMAGE {
        return Ok(Header::EMPTY);
    }
    let bad_signature = || ImageError::Signature(head[..head.len().min(8)].escape_ascii().to_string());
    let Some([b'M', b'F', b'S', b'M', b' ', major @ b'1'..=b'9', b'.', minor @ b'0'..=b'9']) = head.get(..8)
    else {
        return Err(bad_signature());
    };
    let (major, minor) = (major - b'0', minor - b'0');
    if major < 2 {
        return Err(ImageError::FileTooOld { major, minor });
    }
    let fields = head.get(8..HEAD).ok_or(ImageError::Cut { what: "its header", offset: 8 })?;
    if tail != END_MARKER {
        return Err(ImageError::Ending);
    }
    Header::decode_whole(fields).map_err(|_| ImageError::Cut { what: "its header", offset: 8 })
}
