//! `elkfs meta check`.

use super::CheckArgs;
use super::logs::check_log;
use super::report::{Report, SectionReport};
use crate::restore::unix_now;
use anyhow::{Context, Result};
use metadata::Fs;
use ondisk::{Image, ImageFile};
use recovery::storage::DirStorage;
use recovery::{LogProgress, Rules, changelogs, inspect, recover};
use std::path::Path;
use std::process::ExitCode;

/// So many of one kind are named; the rest is counted.
const NAMED: usize = 20;

pub(super) fn run(args: &CheckArgs) -> Result<ExitCode> {
    let mut reports = Vec::new();
    for path in &args.paths {
        if path.is_dir() {
            check_directory(path, &mut reports)?;
        } else {
            reports.push(check_file(path)?);
        }
    }
    let good = reports.iter().all(Report::is_good);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&reports).context("write JSON")?);
    } else {
        reports.iter().for_each(|report| print!("{report}"));
        println!("{}", if good { "all ok" } else { "there are PROBLEMS" });
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check_file(path: &Path) -> Result<Report> {
    let bytes = std::fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
    let name = path.display().to_string();
    // A changelog begins with a number.
    let is_log =
        bytes.first().is_none_or(u8::is_ascii_digit) || path.extension().is_some_and(|_| is_log_name(path));
    Ok(if is_log { check_log(&name, &bytes) } else { check_image(&name, &bytes) })
}

fn is_log_name(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("changelog"))
}

/// Everything in it that a recovery would look at, each file for itself, then together.
fn check_directory(dir: &Path, reports: &mut Vec<Report>) -> Result<()> {
    let storage = DirStorage::new(dir);
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .with_context(|| format!("can't list {}", dir.display()))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            (name.starts_with("metadata.mfs") || name.starts_with("metadata_ml"))
                && !matches!(name.as_str(), "metadata.crc" | "metadata.mfs.empty")
        })
        .collect();
    names.sort();
    for name in names.iter().filter(|name| !name.ends_with(".tmp")) {
        reports.push(check_file(&dir.join(name))?);
    }
    for name in changelogs(&storage, true)? {
        reports.push(check_file(&dir.join(name))?);
    }
    let mut whole = Report::new(dir.display().to_string(), "directory");
    let rules = Rules { recover: true, ..Rules::default() };
    match recover(&storage, &rules, unix_now(), &mut LogProgress::default()) {
        Err(error) => whole.problem(format_args!("a recovery is not possible: {error:#}")),
        Ok(loaded) => {
            whole.version = Some(loaded.fs.version());
            whole.id = Some(format!("{:016X}", loaded.fs.meta_id()));
            whole.note(format_args!(
                "a recovery begins with {} (version {}) and replays {} changes",
                loaded.base.name, loaded.base.version, loaded.replayed
            ));
            check_state(&loaded.fs, &mut whole);
        }
    }
    for name in names.iter().filter(|name| name.ends_with(".tmp")) {
        let what = if inspect(&storage, name).is_ok() { "complete" } else { "incomplete" };
        whole.note(format_args!("{name} is {what}, left by a store or a download that did not end"));
    }
    reports.push(whole);
    Ok(())
}

fn check_image(name: &str, bytes: &[u8]) -> Report {
    let mut report = Report::new(name, "image");
    report.size = Some(bytes.len() as u64);
    let image = match Image::open(bytes) {
        Ok(ImageFile::Image(image)) => image,
        Ok(ImageFile::Empty) => {
            report.note("the image of a file system that was never started");
            return report;
        }
        Err(error) => {
            report.problem(error);
            return report;
        }
    };
    report.version = Some(image.header().version);
    report.id = Some(format!("{:016X}", image.header().id));
    // Each section by itself, so that damage in one does not hide another.
    for section in image.sections() {
        match section.and_then(|section| ondisk::image::check_section(&section)) {
            Ok(found) => report.sections.push(SectionReport {
                name: found.name.to_string(),
                version: format!("{}.{}", found.version >> 4, found.version & 15),
                records: found.records,
            }),
            Err(error) => report.problem(error),
        }
    }
    match Fs::from_damaged_image(bytes, 0) {
        Ok((fs, damage)) => {
            let told: Vec<String> = report.findings.iter().map(|finding| finding.text.clone()).collect();
            let new = damage.found.iter().map(ToString::to_string).filter(|text| !told.contains(text));
            let new: Vec<String> = new.collect();
            new.iter().take(NAMED).for_each(|text| report.problem(text));
            match (new.len() - new.len().min(NAMED)) as u64 + damage.more {
                0 => {}
                more => report.problem(format_args!("{more} more problems")),
            }
            check_state(&fs, &mut report);
        }
        Err(error) => report.problem(error),
    }
    report
}

/// What must hold of a state, however it came about.
fn check_state(fs: &Fs, report: &mut Report) {
    if let Err(broken) = fs.validate() {
        report.problem(broken);
    }
    if fs.needs_renumbering() {
        report.note("edge ids do not ascend: the next start numbers them anew");
    }
    let missing: Vec<String> = fs.missing_chunks().map(|id| format!("{:016X}", id.0)).collect();
    if !missing.is_empty() {
        let named = missing[..missing.len().min(NAMED)].join(", ");
        report.note(format_args!("{} chunks that files name are not in the image: {named}", missing.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_looked_at() {
        let fs = Fs::new_empty(7);
        let mut out = std::io::Cursor::new(Vec::new());
        fs.snapshot().write_image(&mut out, 7).unwrap();
        let mut image = out.into_inner();
        let good = check_image("m", &image);
        assert!(good.is_good() && good.sections.len() >= 13, "{good}");
        // Two sections damaged, both told.
        for name in [b"FREE", b"CSDB"] {
            let at = image.windows(4).position(|w| w == name).unwrap() + 16;
            image[at + 3] = 9;
        }
        let bad = check_image("m", &image).to_string();
        assert!(
            bad.contains("section FREE") && bad.contains("section CSDB") && bad.contains("offset"),
            "{bad}"
        );
    }
}
