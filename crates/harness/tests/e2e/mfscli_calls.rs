//! MooseFS's `mfscli` and ours, called the same way on the same cluster: every data set, orders, modes and commands.

use anyhow::{Context, Result, ensure};
use harness::{Cluster, our_binary};
use std::fs::{self, File};
use std::process::{Command, Stdio};

/// Options after `-H MASTER`; words are separated by blanks.
const CALLS: &[&str] = &[
    "-SIN",
    "-SIM",
    "-SIG",
    "-SMU",
    "-SIC",
    "-SIL",
    "-SMF",
    "-SLI",
    "-SCS",
    "-SMB",
    "-SHD",
    "-SEX",
    "-SMS",
    "-SMO",
    "-SRS",
    "-SSC",
    "-SOF",
    "-SAL",
    "-SQU",
    "-SXX",
    "-v",
    "",
    "-SIC -m 1",
    "-SMO -m 1",
    "-SIN -m 1",
    "-SCS -SIC",
    "-SQU -SCS -SMO",
    "-SCSMB",
    "-SCS -SCS -r",
    "-s ; -SCS",
    "-p -SEX",
    "-n -SMS",
    "-SOF -i 1",
    "-SAL -i 3",
    "-o 2 -SCS -r",
    "-SCS -o 3",
    "-SCS -o 99",
    "-SCS -r",
    "-SEX -o 3 -r",
    "-SEX -r",
    "-SMS -o 3",
    "-SMO -o 19 -r",
    "-SSC -o 2 -r",
    "-SSC -o 4",
    "-SSC -o 22",
    "-SQU -o 3",
    "-SQU -o 11 -r",
    "-SQU -o 13",
    "-SOF -o 5 -r",
    "-SOF -o 6",
    "-SAL -o 1 -r",
    "-SMC",
    "-SMC -b nosuch",
    "-SMC -a 2 -b read,+getattr,brcvd",
    "-SMC -a 3 -m 3 -b usedspace",
    "-SCC",
    "-SCC -d cpu",
    "-SCC -d 10.99.0.100:nosuch",
    "-CM1/10.99.0.100/9422 -SCS",
    "-CM1/10.99.0.100/9422",
    "-CM0/10.99.0.100/9422 -SCS",
    "-CBW/10.99.0.100/9422",
    "-CRC/10.99.0.100/9422",
    "-CRC/10.99.0.77/9422",
    "-CM1/10.99.0.77/9422",
    "-CM0/10.99.0.77/9422",
    "-CBW/10.99.0.77/9422",
    "-CRS/1",
    "-CRS/77",
    "-CXX/1",
    "-P 1 -SIN -SCS",
    "-P 1 -SIM",
    "-P 1 -SCS",
    "-P 1 -CRS/1",
    "-H no.such.host.example -SIN",
    "-CRC/10.99.0.102/9422",
];

/// Fields that change by themselves, counted from the title.
fn masked(title: &str, field: usize) -> bool {
    match title {
        "metadata servers:" => matches!(field, 4 | 7 | 8),
        "chunk servers:" => matches!(field, 6 | 9 | 10),
        "disks:" => matches!(field, 5..=14),
        _ => false,
    }
}

fn normal(line: &str) -> String {
    let fields: Vec<&str> = line.split('\t').collect();
    let volatile =
        ["RAM used", "CPU used (system)", "CPU used (user)", "total space", "avail space", "free space"];
    if fields[0] == "master info:" && volatile.contains(&fields[1]) {
        return fields[1].into();
    }
    let kept = |(i, field): (usize, &&str)| if masked(fields[0], i) { "" } else { *field }.to_owned();
    fields.iter().enumerate().map(kept).collect::<Vec<_>>().join("\t")
}

fn call(cluster: &Cluster, ours: bool, options: &str) -> Result<(String, Option<i32>)> {
    let mut command = if ours {
        let mut command = cluster.command(&our_binary()?.display().to_string());
        command.arg("mfscli");
        command
    } else {
        cluster.command("/usr/bin/mfscli")
    };
    command.args(["-H", "10.99.0.1"]).args(options.split_whitespace()).stdin(Stdio::null());
    let output = command.output().with_context(|| format!("mfscli {options}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok((text.lines().map(|line| normal(line) + "\n").collect(), output.status.code()))
}

/// Makes something to see in every set, compares all calls, and looks at the JSON.
pub(crate) fn compare(cluster: &mut Cluster) -> Result<()> {
    let dir = cluster.mount_point(0).join("seen");
    fs::create_dir_all(&dir)?;
    fs::write(dir.join("file"), "content")?;
    let quota = ["-p", "1d", "-i", "2", "-L", "1T"];
    let set = cluster.command("mfssetquota").args(quota).arg(&dir).stdout(Stdio::null()).status()?;
    ensure!(set.success(), "set a quota");
    let _open = File::open(dir.join("file"))?;
    let locked = dir.join("locked");
    let mut holder = Command::new("flock");
    holder.arg(&locked).args(["-c", "echo; exec cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = holder.spawn()?;
    let mut first = [0];
    std::io::Read::read_exact(holder.stdout.as_mut().context("piped")?, &mut first)?;
    cluster.chunkserver(2).stop()?;
    let mut problems = Vec::new();
    for options in CALLS {
        let both = || anyhow::Ok((call(cluster, false, options)?, call(cluster, true, options)?));
        let mut outcomes = both()?;
        if outcomes.0 != outcomes.1 && !options.starts_with("-CRC/10.99.0.102") {
            // A full minute between the two adds a row of chart data, and a loop of checks may end.
            outcomes = both()?;
        }
        let (stock, own) = outcomes;
        if options.starts_with("-CRC/10.99.0.102") {
            ensure!(
                stock.0.contains("has been removed") && own.0.contains("hasn't been found"),
                "{stock:?} {own:?}"
            );
        } else if stock != own || stock.0.contains("Traceback") {
            problems.push(format!("mfscli {options}\nstock: {stock:#?}\nours: {own:#?}"));
        }
    }
    drop(holder.stdin.take());
    holder.wait()?;
    ensure!(problems.is_empty(), "{} calls:\n{}", problems.len(), problems.join("\n"));
    json(cluster)
}

/// Each data set is there and no field of a table has two forms.
fn json(cluster: &Cluster) -> Result<()> {
    let (text, code) = call(cluster, true, "--json -SIN -SRS -SCSMBHDEXMSMOQU")?;
    ensure!(code == Some(0), "mfscli --json ended with {code:?}");
    for set in
        ["IM", "IG", "MU", "IC", "IL", "MF", "SC", "OF", "AL", "CS", "MB", "HD", "EX", "MS", "MO", "QU"]
    {
        ensure!(text.contains(&format!("\n  \"{set}\": ")), "no {set} in\n{text}");
    }
    Ok(())
}
