//! Pure crates see no sockets, files, clocks or randomness: time and random numbers are arguments.

use super::source::Source;

const PURE: [&str; 6] = ["types", "proto", "ondisk", "metadata", "placement", "ec"];

const BANNED: [&str; 18] = [
    "std::fs",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "std::env",
    "std::process",
    "std::thread",
    "std::os",
    "SystemTime",
    "Instant::now",
    "thread_rng",
    "rand::random",
    "Rng::new()",
    "getrandom",
    "rustix::",
    "libc::",
    "println!",
    "tokio::",
];

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    for source in sources.iter().filter(|source| PURE.contains(&source.crate_name()) && !source.is_test()) {
        for (number, line) in source.code() {
            let code = line.split("//").next().unwrap_or_default();
            if let Some(call) = BANNED.iter().find(|call| code.contains(*call)) {
                let place = format!("{}:{number}", source.path.display());
                problems.push(format!(
                    "{place}: {call} in the pure crate {}: make it an argument",
                    source.crate_name()
                ));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_in_a_pure_crate_is_found_elsewhere_not() {
        let text =
            "//! Uses std::fs in words only.\nfn a() {\n    Instant::now();\n}\n#[cfg(test)]\nuse std::fs;\n";
        let problems = check(&[Source::new("crates/metadata/src/a.rs", text)]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("crates/metadata/src/a.rs:3: Instant::now"), "{problems:?}");
        assert!(check(&[Source::new("crates/net/src/a.rs", text)]).is_empty());
        assert!(check(&[Source::new("crates/metadata/tests/a.rs", text)]).is_empty());
    }
}
