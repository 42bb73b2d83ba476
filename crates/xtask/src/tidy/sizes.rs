//! Sizes of files and functions, held by a ratchet: no file may pass the limit, and the spread may only shrink.
//!
//! Clippy refuses single functions of more than 70 lines; this looks at the whole.

use super::source::Source;

/// Longest file, lines of code before its tests.
const FILE_MAX: usize = 450;
/// The aims of `style.md`.
const FILE_MEDIAN: usize = 200;
const FILE_P95: usize = 500;
const FUNCTION_P95: usize = 45;

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut files = Vec::new();
    let mut functions = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        let lines = source.code().count();
        if lines > FILE_MAX {
            problems
                .push(format!("{}: {lines} lines, over {FILE_MAX}: split it by idea", source.path.display()));
        }
        files.push(lines);
        functions.extend(function_lengths(source));
    }
    let mut hold = |what: &str, percent: usize, lengths: &mut Vec<usize>, limit: usize| {
        let length = percentile(lengths, percent);
        if length > limit {
            problems.push(format!("{what}: percentile {percent} is {length} lines, over {limit}"));
        }
    };
    hold("files", 50, &mut files, FILE_MEDIAN);
    hold("files", 95, &mut files, FILE_P95);
    hold("functions", 95, &mut functions, FUNCTION_P95);
    problems
}

fn percentile(lengths: &mut [usize], percent: usize) -> usize {
    lengths.sort_unstable();
    match lengths.len() {
        0 => 0,
        count => lengths[((count - 1) * percent).div_ceil(100)],
    }
}

/// Lines of each function. rustfmt closes a function with a brace as deep as its first line.
fn function_lengths(source: &Source) -> Vec<usize> {
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut lengths = Vec::new();
    for (number, line) in source.code() {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        let is_fn = text.split(' ').take_while(|word| *word != "{").any(|word| word == "fn");
        if is_fn && !text.starts_with("//") && !text.ends_with(';') && !text.ends_with('}') {
            open.push((format!("{indent}}}"), number));
        } else if let Some((close, start)) = open.last()
            && line == close
        {
            lengths.push(number - start + 1);
            open.pop();
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_measured() {
        let text = "fn a() {\n    b();\n}\n\nimpl A {\n    pub(super) fn c(\n        x: u8,\n    ) -> u8 {\n        x\n    }\n\n    fn d() {}\n}\n";
        assert_eq!(function_lengths(&Source::new("crates/a/src/a.rs", text)), [3, 5]);
    }

    #[test]
    fn a_long_file_is_named_but_its_tests_do_not_count() {
        let long = format!("//! A.\n{}", "// x\n".repeat(FILE_MAX));
        let problems = check(&[Source::new("crates/a/src/a.rs", &long)]);
        assert!(problems[0].starts_with("crates/a/src/a.rs: 451 lines"), "{problems:?}");
        let tested = format!("//! A.\n#[cfg(test)]\n{}", "// x\n".repeat(FILE_MAX));
        assert_eq!(check(&[Source::new("crates/a/src/a.rs", &tested)]), Vec::<String>::new());
    }
}
