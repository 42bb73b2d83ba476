//! The manifests draw the architecture: which crate may use which.
//!
//! A new edge is a decision: it is added here in the same commit, and `ARCHITECTURE.md` must still be true.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Each crate and the crates of this workspace it may use, tests aside.
const EDGES: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("proto", &["types"]),
    ("ondisk", &["types"]),
    ("metadata", &["ondisk", "types"]),
    ("placement", &["types"]),
    ("net", &["proto", "types"]),
    ("daemon", &[]),
    ("charts", &[]),
    ("chunkstore", &["types"]),
    ("chunkserver", &["charts", "chunkstore", "daemon", "net", "proto", "types"]),
    ("recovery", &["metadata", "ondisk", "types"]),
    ("metatools", &["daemon", "metadata", "ondisk", "recovery", "types"]),
    ("master", &["charts", "daemon", "metadata", "net", "ondisk", "placement", "proto", "recovery", "types"]),
    ("metalogger", &["daemon", "net", "ondisk", "proto", "types"]),
    ("client", &["net", "proto", "types"]),
    ("mount", &["client", "types"]),
    ("tools", &["net", "proto", "types"]),
    ("admin", &["net", "proto", "types"]),
    ("mfscli", &["admin", "charts", "proto", "types"]),
    ("bench", &["net", "proto", "types"]),
    ("harness", &["bench", "proto", "types"]),
    ("twin", &["harness", "ondisk", "proto", "types"]),
    ("xtask", &[]),
];

/// The program knows every role; nothing may use it.
const TOP: &str = "elkfs";
/// Development only: nothing that is shipped may use them.
const DEVELOPMENT: [&str; 4] = ["harness", "sim", "twin", "xtask"];
/// What would bring a runtime, sockets or clocks into the pure crates.
const NOT_PURE: [&str; 9] =
    ["tokio", "async-std", "smol", "mio", "rustix", "libc", "nix", "rand", "getrandom"];
const PURE: [&str; 7] = ["types", "proto", "ondisk", "metadata", "placement", "charts", "ec"];

/// One crate's manifest, as cargo reads it.
struct Manifest {
    name: String,
    description: String,
    /// Without those of tests.
    uses: Vec<String>,
}

pub(super) fn check(root: &Path) -> Result<Vec<String>> {
    let manifests = manifests(root)?;
    Ok(judge(&manifests))
}

fn judge(manifests: &[Manifest]) -> Vec<String> {
    let mut problems = Vec::new();
    let is_ours = |name: &str| manifests.iter().any(|manifest| manifest.name == name);
    for manifest in manifests {
        let name = &manifest.name;
        let not_known = ["nothing", "Knows no", "knows no", "no ", "not "];
        if !not_known.iter().any(|word| manifest.description.contains(word)) {
            problems.push(format!("{name}: its description does not end with what it must not know"));
        }
        for other in &manifest.uses {
            if PURE.contains(&name.as_str()) && NOT_PURE.contains(&other.as_str()) {
                problems.push(format!("{name} is pure and may not use {other}"));
            }
            let developing = DEVELOPMENT.contains(&name.as_str());
            if is_ours(other) && DEVELOPMENT.contains(&other.as_str()) && !developing {
                problems.push(format!("{name} uses {other}, which is for development only"));
            }
        }
        if name == TOP {
            continue;
        }
        let Some((_, allowed)) = EDGES.iter().find(|(from, _)| from == name) else {
            problems.push(format!("{name}: a new crate; add its edges to crates/xtask/src/tidy/edges.rs"));
            continue;
        };
        for other in manifest.uses.iter().filter(|other| is_ours(other)) {
            if !allowed.contains(&other.as_str()) {
                problems.push(format!("{name} uses {other}: a new edge is a decision, see edges.rs"));
            }
        }
    }
    problems
}

fn manifests(root: &Path) -> Result<Vec<Manifest>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--no-deps", "--format-version", "1", "--offline"]).current_dir(root);
    let output = command.output().context("run cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    }
    let value: Value = serde_json::from_slice(&output.stdout).context("read cargo metadata")?;
    let packages = value["packages"].as_array().context("packages")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let uses = |package: &Value| {
        let all = package["dependencies"].as_array().cloned().unwrap_or_default();
        all.iter().filter(|one| one["kind"] != "dev").map(|one| text(&one["name"])).collect()
    };
    let manifest = |package: &Value| Manifest {
        name: text(&package["name"]),
        description: text(&package["description"]),
        uses: uses(package),
    };
    Ok(packages.iter().map(manifest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str, uses: &[&str]) -> Manifest {
        let uses = uses.iter().map(|name| (*name).to_owned()).collect();
        Manifest { name: name.into(), description: "A. Knows no packet.".into(), uses }
    }

    #[test]
    fn forbidden_edges_are_named() {
        let all = [
            manifest("types", &["thiserror", "tokio"]),
            manifest("proto", &["types"]),
            manifest("mount", &["client", "proto"]),
            manifest("client", &["xtask"]),
            manifest("xtask", &[]),
            manifest("novel", &[]),
            manifest("elkfs", &["mount", "client"]),
        ];
        let problems = judge(&all).join("\n");
        for part in [
            "types is pure and may not use tokio",
            "mount uses proto",
            "client uses xtask, which is for",
            "novel: a new",
        ] {
            assert!(problems.contains(part), "{part} is not in:\n{problems}");
        }
        assert!(!problems.contains("elkfs"));
    }

    #[test]
    fn a_description_must_say_what_is_not_known() {
        let bare = Manifest { description: "Moves frames.".into(), ..manifest("net", &[]) };
        assert!(judge(&[bare])[0].contains("must not know"));
    }
}
