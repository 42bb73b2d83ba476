//! The command `mfsmount` by itself, for tests of this crate: `cargo run -p mount --example mfsmount -- MOUNTPOINT -H HOST`.

fn main() -> std::process::ExitCode {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    mount::main(&args).into()
}
