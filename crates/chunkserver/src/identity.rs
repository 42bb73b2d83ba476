//! Who we are to the master: `chunkserverid.mfs` (`spec/wire-chunkserver.md` 4.1).

use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

const FILE: &str = "chunkserverid.mfs";

/// The numbers a master gave us; 0 is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    path: PathBuf,
    pub(crate) csid: u16,
    pub(crate) metaid: u64,
}

impl Identity {
    /// From the data directory; without the file we are nobody yet.
    pub(crate) fn load(data_path: &Path) -> Result<Identity> {
        let path = data_path.join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
        };
        let number = |bytes: &[u8]| bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b));
        let (csid, metaid) = match bytes.len() {
            0 => (0, 0),
            2 => (number(&bytes) as u16, 0),
            10 => (number(&bytes[..2]) as u16, number(&bytes[2..])),
            n => bail!("{} has {n} bytes, not 10; without it the master will give a new id", path.display()),
        };
        Ok(Identity { path, csid, metaid })
    }

    /// Takes what is not 0, and writes the file if anything changed. A crash leaves the old file or the new one.
    pub(crate) fn learn(&mut self, csid: u16, metaid: u64) -> Result<()> {
        let mut new = self.clone();
        if csid != 0 {
            new.csid = csid;
        }
        if metaid != 0 {
            new.metaid = metaid;
        }
        if new != *self {
            let temporary = self.path.with_extension("tmp");
            let mut bytes = new.csid.to_be_bytes().to_vec();
            bytes.extend_from_slice(&new.metaid.to_be_bytes());
            let write = || {
                let mut file = File::create(&temporary)?;
                file.write_all(&bytes)?;
                file.sync_all()?;
                std::fs::rename(&temporary, &self.path)?;
                File::open(self.path.parent().unwrap_or(Path::new("/")))?.sync_all()
            };
            write().with_context(|| format!("write {}", self.path.display()))?;
            *self = new;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers() {
        let dir = tempfile::tempdir().unwrap();
        let mut id = Identity::load(dir.path()).unwrap();
        assert_eq!((id.csid, id.metaid), (0, 0));
        id.learn(3, 0x1122_3344_5566_7788).unwrap();
        id.learn(0, 0).unwrap();
        assert_eq!(Identity::load(dir.path()).unwrap(), id);
        let bytes = std::fs::read(dir.path().join(FILE)).unwrap();
        assert_eq!(bytes, [0, 3, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88]);
        std::fs::write(dir.path().join(FILE), [0, 9]).unwrap();
        assert_eq!(Identity::load(dir.path()).unwrap().csid, 9);
        std::fs::write(dir.path().join(FILE), [0, 9, 1]).unwrap();
        assert!(Identity::load(dir.path()).is_err());
    }
}
