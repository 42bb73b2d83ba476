//! Stock's `mfsmetadump` is the oracle.

use super::*;
use crate::fixtures;

fn dumped(file: &[u8], options: &DumpOptions<'_>) -> (String, Result<(), String>) {
    let mut out = Vec::new();
    let result = write_dump_with(file, options, &mut out).map_err(|e| e.to_string());
    (out.escape_ascii().to_string(), result)
}

fn lines(dump: &[u8]) -> Vec<String> {
    dump.split(|&b| b == b'\n').map(|line| line.escape_ascii().to_string()).collect()
}

fn assert_dump(what: &std::path::Path, image: &[u8], options: &DumpOptions<'_>, expected: &[u8]) {
    let mut dump = Vec::new();
    write_dump_with(image, options, &mut dump).unwrap();
    let (ours, stocks) = (lines(&dump), lines(expected));
    let difference = ours.iter().zip(&stocks).find(|(a, b)| a != b);
    assert_eq!(difference, None, "{}", what.display());
    assert!(dump == expected, "{}", what.display());
}

#[test]
fn dumps_are_stock_s_byte_for_byte() {
    let dumps = fixtures::files("metadata", ".dump");
    assert!(dumps.len() >= 3, "3 dumps are recorded");
    for (path, expected) in dumps {
        let image = std::fs::read(path.with_extension("mfs")).unwrap();
        assert_dump(&path, &image, &DumpOptions::default(), &expected);
    }
}

/// Old versions of sections, and values that no running master has.
#[test]
fn hand_made_images_are_dumped_as_stock_does() {
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for name in ["old-versions", "extremes"] {
        let file = |extension| {
            let path = golden.join(name).with_extension(extension);
            std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        };
        let options = DumpOptions::default();
        assert_dump(name.as_ref(), &file("mfs"), &options, &file("dump"));
        assert_dump(name.as_ref(), &file("mfs"), &DumpOptions { dots: true, ..options }, &file("dots.dump"));
    }
}

/// Classes of old versions are read as a stock master reads them.
#[test]
fn old_storage_classes() {
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut dump = Vec::new();
    write_dump(&std::fs::read(golden.join("old-classes.mfs")).unwrap(), &mut dump).unwrap();
    let dump = String::from_utf8(dump).unwrap();
    let classes: Vec<&str> = dump.lines().filter(|line| line.starts_with("SCLASS|")).collect();
    let stored = std::fs::read_to_string(golden.join("old-classes.stored.txt")).unwrap();
    assert_eq!(classes, stored.lines().collect::<Vec<_>>());
    assert_eq!(classes.len(), 12);
}

#[test]
fn one_section_and_dots() {
    let (_, image) = fixtures::files("metadata", ".mfs").swap_remove(1);
    let only = |only| DumpOptions { only: Some(only), dots: true };
    let (head, result) = dumped(&image, &only("HEAD"));
    assert_eq!(
        head,
        "# header: MFSM 2.0 (4D46534D20322E30)\\n# version: 537 ; fileid: 0x6B02CA795F59FEFB\\n"
    );
    assert_eq!(result, Ok(()));
    let (free, _) = dumped(&image, &only("FREE"));
    assert!(
        free.starts_with("# ----")
            && free.contains("\\n# free nodes: 12\\nFREEID|i:         6|f:1795345043\\n")
    );
    assert!(!free.contains("EDGE") && !free.contains("MARKER"));
    let (edges, _) = dumped(&image, &only("EDGE"));
    assert!(edges.contains("|n:new.line.tab\\n") && edges.contains("|n:.. bad\\n"));
    assert_eq!(dumped(&image, &only("XXXX")), (String::new(), Ok(())));
}

#[test]
fn odd_files() {
    let all = DumpOptions::default();
    let empty = "# header: MFSM NEW (4D46534D204E4557)\\nempty file\\n";
    assert_eq!(dumped(b"MFSM NEW", &all), (empty.to_owned(), Ok(())));
    let (text, result) = dumped(b"garbage!", &all);
    assert_eq!(text, "# header: garbage! (6761726261676521)\\nwrong metadata header (old version ?)\\n");
    assert_eq!(result, Err("not a metadata image: it begins with \"garbage!\"".to_owned()));

    let (_, image) = fixtures::files("metadata", ".mfs").swap_remove(1);
    let (text, result) = dumped(&image[..5000], &all);
    assert!(text.ends_with("error reading metadata (NODE)\\n"), "what is there is shown first");
    assert!(result.unwrap_err().starts_with("section NODE, record "));
    let (text, result) = dumped(&image[..image.len() - 16], &all);
    assert!(text.ends_with("|a:0\\ncan\\'t read section header\\n") && result.is_err());
}

/// Recorded from stock: an unknown section between others.
#[test]
fn unknown_sections_are_shown_in_hexadecimal() {
    let mut file = [b"MFSM 2.0".as_slice(), &[0; 16], b"XYZW 1.0\0\0\0\0\0\0\0\x24"].concat();
    file.extend(0x40..0x64);
    file.extend_from_slice(END_MARKER);
    let (text, result) = dumped(&file, &DumpOptions { only: Some("XYZW"), dots: false });
    let full = "40 41 42 43 44 45 46 47 48 49 4A 4B 4C 4D 4E 4F 50 51 52 53 54 55 56 57 58 59 5A 5B 5C 5D 5E 5F  \
                |@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_|";
    let rows = format!("{full}\\n60 61 62 63{:86}|`abc{:28}|\\n", "", "");
    let head = "# section header: XYZW 1.0 (58595A5720312E30) ; length: 36\\n# section type: XYZW ; version: 0x10\\n";
    assert!(text.ends_with(&format!("{head}unknown file part\\n{rows}")), "{text}");
    assert_eq!(result, Ok(()));
}

proptest::proptest! {
    #[test]
    fn arbitrary_files_never_panic(body: Vec<u8>) {
        let file = [b"MFSM 2.0".as_slice(), &[0; 16], &body].concat();
        let _ = dumped(&file, &DumpOptions::default());
        let _ = dumped(&body, &DumpOptions::default());
    }
}
