//! The tidy rules hold for this workspace.

use std::path::Path;

#[test]
fn the_workspace_is_tidy() {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/xtask is two levels down");
    let problems = xtask::tidy::check(root).unwrap();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}
