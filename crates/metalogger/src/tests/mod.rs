//! The whole metalogger against a master that follows a script.

mod master;

use crate::own_files::{first_change, last_change};
use crate::run::run_in;
use daemon::options::METALOGGER;
use daemon::{Config, Context, Layout, Trigger};
use master::{Master, Peer, Said, image, log};
use proto::metalogger::{CrcBlock, DownloadData, DownloadFile, DownloadInfo, DownloadInfoPacket};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use types::Status;

struct Running {
    trigger: Trigger,
    thread: Option<JoinHandle<()>>,
}

fn start(dir: &Path, master: &Master, more: &str) -> Running {
    let text = format!(
        "MASTER_HOST = 127.0.0.1\nMASTER_PORT = {}\nMASTER_RECONNECTION_DELAY = 1\nMASTER_TIMEOUT = 60\n{more}",
        master.port()
    );
    let layout = Layout::new("/etc/mfs".into(), "/var/lib/mfs".into());
    let config = Config::parse(text.as_bytes(), Path::new("x.cfg"), METALOGGER, &layout).unwrap();
    let (mut context, trigger) = Context::embedded("mfsmetalogger", config).unwrap();
    let dir = dir.to_owned();
    let thread = std::thread::spawn(move || run_in(&mut context, &dir).unwrap());
    Running { trigger, thread: Some(thread) }
}

impl Running {
    fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.trigger.terminate();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < end, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn range(file: PathBuf) -> Option<(u64, u64)> {
    Some((first_change(&file).ok()??, last_change(&file).ok()??))
}

fn live(dir: &Path, number: u32) -> Option<(u64, u64)> {
    range(dir.join(format!("changelog_ml.{number}.mfs")))
}

/// Waits until change `number` is in the file.
fn written(dir: &Path, number: u64) {
    until("a change in the file", || live(dir, 0).is_some_and(|(_, last)| last == number));
}

fn held(dir: &Path) -> Vec<u8> {
    std::fs::read(dir.join("metadata_ml.mfs.back")).unwrap_or_default()
}

/// First start: register for what comes, download everything at once.
fn first_start(dir: &Path, master: &Master) -> (Running, Peer) {
    let running = start(dir, master, "");
    let (mut peer, first) = master.accept();
    assert_eq!(first, None);
    peer.changes(100..=110);
    peer.upload_all(&image(90, 7), &log(95..=105), &log(80..=94));
    written(dir, 110);
    (running, peer)
}

#[test]
fn downloads_at_once_and_follows() {
    let (dir, master) = (tempfile::tempdir().unwrap(), Master::new());
    let dir = dir.path();
    let (running, mut peer) = first_start(dir, &master);
    assert_eq!(held(dir), image(90, 7));
    assert_eq!(range(dir.join("changelog_ml_back.0.mfs")), Some((95, 105)));
    until("the last file", || range(dir.join("changelog_ml_back.1.mfs")) == Some((80, 94)));
    peer.rotate();
    peer.changes(111..=112);
    written(dir, 112);
    assert_eq!(live(dir, 1), Some((100, 110)));
    assert_eq!(std::fs::read(dir.join("changelog_ml.0.mfs")).unwrap(), log(111..=112));
    running.stop();
}

#[test]
fn goes_on_after_a_disconnect_and_a_restart_without_holes() {
    let (dir, master) = (tempfile::tempdir().unwrap(), Master::new());
    let dir = dir.path();
    let (running, peer) = first_start(dir, &master);
    drop(peer);
    let (mut peer, first) = master.accept();
    assert_eq!(first, Some(111));
    peer.changes(111..=120);
    written(dir, 120);
    running.stop();
    drop(peer);
    // A crash in the middle of a line.
    let mut text = std::fs::read(dir.join("changelog_ml.0.mfs")).unwrap();
    text.truncate(text.len() - 5);
    std::fs::write(dir.join("changelog_ml.0.mfs"), text).unwrap();
    let running = start(dir, &master, "");
    let (mut peer, first) = master.accept();
    assert_eq!(first, Some(120), "the line that was cut is wanted again");
    peer.changes(120..=121);
    written(dir, 121);
    assert_eq!(std::fs::read(dir.join("changelog_ml.0.mfs")).unwrap(), log(100..=121));
    running.stop();
}

#[test]
fn a_hole_begins_a_new_file_and_a_download() {
    let (dir, master) = (tempfile::tempdir().unwrap(), Master::new());
    let dir = dir.path();
    let (running, mut peer) = first_start(dir, &master);
    peer.change(20_000);
    // Old files stay until the new image is there.
    written(dir, 20_000);
    assert_eq!(live(dir, 1), Some((100, 110)));
    peer.upload_all(&image(19_990, 7), &log(19_995..=20_000), &log(19_900..=19_994));
    until("the new image", || held(dir) == image(19_990, 7));
    assert_eq!(std::fs::read(dir.join("metadata_ml.mfs.back.1")).unwrap(), image(90, 7));
    peer.change(20_001);
    written(dir, 20_001);
    running.stop();
}

#[test]
fn a_master_that_went_back_is_another_history() {
    let (dir, master) = (tempfile::tempdir().unwrap(), Master::new());
    let dir = dir.path();
    let (running, mut peer) = first_start(dir, &master);
    peer.changes(50..=51);
    peer.upload_all(&image(45, 7), &log(45..=51), b"");
    until("the new image", || held(dir) == image(45, 7));
    written(dir, 51);
    assert_eq!(std::fs::read(dir.join("changelog_ml.0.mfs")).unwrap(), log(50..=51));
    assert_eq!(range(dir.join("diverged_changelog_ml.0.mfs")), Some((100, 110)));
    // A recovery takes the highest version, so the newer image must be out of its sight.
    assert_eq!(std::fs::read(dir.join("diverged_metadata_ml.mfs.back")).unwrap(), image(90, 7));
    assert!(!dir.join("metadata_ml.mfs.back.1").exists());
    running.stop();
}

#[test]
fn a_bad_image_never_replaces_a_good_one() {
    let (dir, master) = (tempfile::tempdir().unwrap(), Master::new());
    let dir = dir.path();
    let (running, mut peer) = first_start(dir, &master);
    peer.change(200);
    let mut cut = image(150, 7);
    cut.pop();
    peer.upload(DownloadFile::Metadata, &cut);
    // Nothing else is asked for; the next try comes by itself, soon.
    let before = Instant::now();
    peer.upload_all(&image(150, 7), &log(150..=200), b"");
    assert!(before.elapsed() > Duration::from_secs(5), "not at once: the master would be flooded");
    until("the good image", || held(dir) == image(150, 7));
    assert_eq!(std::fs::read(dir.join("metadata_ml.mfs.back.1")).unwrap(), image(90, 7));
    running.stop();
}

#[test]
fn a_damaged_block_is_asked_for_again_five_times() {
    let (dir, master) = (tempfile::tempdir().unwrap(), Master::new());
    let dir = dir.path();
    let running = start(dir, &master, "");
    let (mut peer, _) = master.accept();
    assert_eq!(peer.hear(), Said::Start(DownloadFile::Metadata));
    let bytes = image(5, 7);
    peer.say(&DownloadInfoPacket { info: DownloadInfo::Size(bytes.len() as u64) });
    for _ in 0..6 {
        assert_eq!(peer.hear(), Said::Request { offset: 0, length: bytes.len() as u32 });
        peer.say(&DownloadData { offset: 0, block: CrcBlock { crc: 1, data: &bytes } });
    }
    assert_eq!(peer.hear(), Said::End);
    assert!(held(dir).is_empty());
    running.stop();
}

#[test]
fn a_refused_download_is_tried_again() {
    let (dir, master) = (tempfile::tempdir().unwrap(), Master::new());
    let dir = dir.path();
    let running = start(dir, &master, "");
    let (mut peer, _) = master.accept();
    assert_eq!(peer.hear(), Said::Start(DownloadFile::Metadata));
    peer.say(&DownloadInfoPacket { info: DownloadInfo::Error(Status(255)) });
    peer.upload_all(&image(5, 7), b"", b"");
    until("the image", || held(dir) == image(5, 7));
    running.stop();
}

/// META_DOWNLOAD_AT_ONCE = 0: as the manual says, not before the scheduled time.
#[test]
fn stock_waiting() {
    let (dir, master) = (tempfile::tempdir().unwrap(), Master::new());
    let dir = dir.path();
    let running = start(dir, &master, "META_DOWNLOAD_AT_ONCE = 0\nMETA_DOWNLOAD_FREQ = 0\n");
    let (mut peer, _) = master.accept();
    peer.change(1);
    written(dir, 1);
    running.stop();
    // Had it asked for anything, that would be heard before the end of the connection.
    let mut rest = Vec::new();
    std::io::Read::read_to_end(&mut peer.into_stream(), &mut rest).unwrap();
    // It asks every master for its version, and no more.
    assert_eq!(rest, [0, 0, 0, 10, 0, 0, 0, 0]);
}

#[test]
fn nonsense_ends_the_connection_only() {
    let (dir, master) = (tempfile::tempdir().unwrap(), Master::new());
    let dir = dir.path();
    let (running, mut peer) = first_start(dir, &master);
    for nonsense in
        [&[0, 0, 0, 51, 0, 0, 0, 2, 0x12, 0][..], &[0, 0, 0, 99, 0, 0, 0, 0], &[0, 0, 0, 51, 0xFF, 0, 0, 0]]
    {
        std::io::Write::write_all(&mut peer.into_stream(), nonsense).unwrap();
        let (next, first) = master.accept();
        assert_eq!(first, Some(111));
        peer = next;
    }
    peer.change(111);
    written(dir, 111);
    running.stop();
}
