//! Prints an image as `mfsmetadump` does: `metadump [-d] FILE [SECTION]`.

#[allow(clippy::disallowed_methods, reason = "a program, not the library")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let dots = args.first().is_some_and(|arg| arg == "-d");
    if dots {
        args.remove(0);
    }
    let file = std::fs::read(args.first().ok_or("which image?")?)?;
    let options = ondisk::dump::DumpOptions { dots, only: args.get(1).map(String::as_str) };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    Ok(ondisk::dump::write_dump_with(&file, &options, &mut out)?)
}
