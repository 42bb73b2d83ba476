//! Any text as a changelog line: what is read is written so that it is read as the same again.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let (mut scratch, mut scratch_again) = (Vec::new(), Vec::new());
    let Ok(line) = ondisk::Line::parse(text, &mut scratch) else { return };
    let mut written = Vec::new();
    line.write(&mut written);
    let again = ondisk::Line::parse(&written, &mut scratch_again).expect("what we wrote, we read");
    assert_eq!(line, again);
    assert!(line.op.agrees(&line.outcome, &again.outcome));
});
