//! Files written by stock daemons (`shared/fixtures`), for tests.

use std::fs;
use std::path::{Path, PathBuf};

/// What `ELKFS_SHARED` says, or the nearest folder `shared` beside the workspace or above it.
fn shared() -> PathBuf {
    if let Some(dir) = std::env::var_os("ELKFS_SHARED") {
        return dir.into();
    }
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(2);
    let mut candidates = above.map(|dir| dir.join("shared"));
    candidates.find(|dir| dir.join("fixtures").is_dir()).expect("a folder `shared`; set ELKFS_SHARED")
}

/// All files whose names begin so, of all folders, with their paths.
pub(crate) fn files(prefix: &str, suffix: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let root = shared().join("fixtures/metadata-3.0.117");
    let mut found = Vec::new();
    for folder in fs::read_dir(&root).unwrap_or_else(|e| panic!("{}: {e}; set ELKFS_SHARED", root.display()))
    {
        let folder = folder.unwrap().path();
        for file in fs::read_dir(&folder).into_iter().flatten() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.starts_with(prefix) && name.ends_with(suffix) {
                found.push((path.clone(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
