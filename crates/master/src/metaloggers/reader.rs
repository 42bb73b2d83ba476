//! Reads pieces of downloads beside the loop: an image of many gigabytes comes from a disk that may be slow.

use crate::storage::ReadAt;
use net::reactor::{ConnId, Waker};
use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Pieces asked for and not read yet, of all metaloggers together. Each asks for one at a time.
const MAX_QUEUED: usize = 64;

/// An open file, shared with the thread that reads from it.
pub(super) type SharedFile = Arc<Mutex<Box<dyn ReadAt>>>;

/// A piece that is wanted.
pub(super) struct Wanted {
    pub(super) conn: ConnId,
    pub(super) file: SharedFile,
    /// Which of the connection's downloads.
    pub(super) download: u64,
    pub(super) offset: u64,
    pub(super) length: u32,
}

/// A piece that was read.
pub(super) struct Piece {
    pub(super) conn: ConnId,
    pub(super) download: u64,
    pub(super) offset: u64,
    /// The bytes and their CRC-32.
    pub(super) result: io::Result<(Vec<u8>, u32)>,
}

/// The thread's two ends.
pub(super) struct Reader {
    wanted: Option<SyncSender<Wanted>>,
    results: Receiver<Piece>,
    sender: Sender<Piece>,
    waker: Waker,
}

impl Reader {
    /// The thread starts with the first piece.
    pub(super) fn new(waker: Waker) -> Self {
        let (sender, results) = channel();
        Reader { wanted: None, results, sender, waker }
    }

    /// Asks for a piece; an error when too many are waited for already, or no thread can be had.
    pub(super) fn ask(&mut self, wanted: Wanted) -> io::Result<()> {
        if self.wanted.is_none() {
            self.wanted = Some(self.start()?);
        }
        let sent = self.wanted.as_ref().map(|queue| queue.try_send(wanted));
        match sent {
            Some(Err(TrySendError::Full(_))) => Err(io::Error::other("too many pieces are wanted at once")),
            Some(Err(TrySendError::Disconnected(_))) => Err(io::Error::other("the reading thread has ended")),
            _ => Ok(()),
        }
    }

    fn start(&self) -> io::Result<SyncSender<Wanted>> {
        let (queue, wanted) = sync_channel::<Wanted>(MAX_QUEUED);
        let (sender, waker) = (self.sender.clone(), self.waker.clone());
        let work = move || {
            for Wanted { conn, file, download, offset, length } in wanted {
                let mut data = vec![0; length as usize];
                // A panic while reading leaves nothing half-done.
                let file = file.lock().unwrap_or_else(PoisonError::into_inner);
                let result = file.read_exact_at(&mut data, offset).map(|()| {
                    let crc = crc32fast::hash(&data);
                    (data, crc)
                });
                if sender.send(Piece { conn, download, offset, result }).is_err() {
                    return;
                }
                waker.wake();
            }
        };
        std::thread::Builder::new().name("downloads".into()).spawn(work)?;
        Ok(queue)
    }

    /// The next piece that is there.
    pub(super) fn take(&self) -> Option<Piece> {
        self.results.try_recv().ok()
    }
}
