//! `elkfs meta convert`.

use super::ConvertArgs;
use super::input::{image_of, load};
use crate::restore::{store, store_source};
use anyhow::{Context, Result};
use ondisk::image::{SectionSummary, check_section};
use ondisk::{Image, ImageFile};
use recovery::images::ImageSource;
use recovery::storage::DirStorage;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(args: &ConvertArgs) -> Result<ExitCode> {
    let loaded = load(&args.input, &args.logs)?;
    let name = args.output.file_name().and_then(|name| name.to_str()).context("OUTPUT must name a file")?;
    let dir = match args.output.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    };
    let like = if args.input.is_dir() { args.input.join(&loaded.base.name) } else { args.input.clone() };
    let (size, aside) = if args.stock {
        let (image, left_out) = for_stock(&image_of(&loaded)?)?;
        for SectionSummary { name, records, .. } in left_out {
            println!("left out: section {name} with {records} records: {}", meaning(&name.0));
        }
        let source: ImageSource = Box::new(move |out| out.write_all(&image));
        store_source(&DirStorage::new(dir), name, &like, &source)?
    } else {
        store(&loaded.fs, dir, name, &like)?
    };
    if let Some(aside) = aside {
        println!("what was there before is kept as {aside}");
    }
    println!(
        "{}: version {}, {} changes replayed, {size} bytes, verified",
        args.output.display(),
        loaded.fs.version(),
        loaded.replayed
    );
    Ok(ExitCode::SUCCESS)
}

/// The image without what a stock master does not read, and the sections that are left out.
fn for_stock(image: &[u8]) -> Result<(Vec<u8>, Vec<SectionSummary>)> {
    let ImageFile::Image(image) = Image::open(image)? else { return Ok((image.to_vec(), Vec::new())) };
    let kept = image.for_stock()?;
    let mut left_out = Vec::new();
    for section in image.sections() {
        let section = section?;
        if section.offset >= kept.len() as u64 {
            left_out.push(check_section(&section)?);
        }
    }
    Ok((kept.to_vec(), left_out))
}

/// What is lost with a section.
fn meaning(name: &[u8; 4]) -> &'static str {
    match name {
        b"XTIM" => "times of these nodes are whole seconds from now on",
        _ => "stock MooseFS has nothing like it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metadata::Fs;
    use ondisk::Op;
    use types::{ROOT, Time};

    #[test]
    fn stock_gets_an_image_without_fine_times_and_the_operator_is_told() {
        let mut fs = Fs::new_empty(7);
        let image = |fs: &Fs| {
            let mut out = std::io::Cursor::new(Vec::new());
            fs.snapshot().write_image(&mut out, 0).unwrap();
            out.into_inner()
        };
        let plain = image(&fs);
        let (same, left_out) = for_stock(&plain).unwrap();
        assert!(same == plain && left_out.is_empty());
        let now = Time::new(9, 5);
        fs.apply(now, &Op::Access { inode: ROOT }).unwrap();
        let fine = image(&fs);
        let (kept, left_out) = for_stock(&fine).unwrap();
        assert!(kept.len() < fine.len() && fine.starts_with(&kept));
        assert_eq!((left_out.len(), left_out[0].records), (1, 1));
        assert_eq!(Fs::from_image(&kept, 0).unwrap().version(), fs.version());
    }
}
