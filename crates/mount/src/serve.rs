//! The threads that read the kernel's requests. Each serves what it read, so a request costs no hand-over; when the
//! last idle thread takes a request, another is made, so that one slow request never blocks the rest.

use crate::fuse::{Device, Request};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Most threads. All of them busy means that many requests wait for the servers.
const MAX_THREADS: usize = 128;
/// Idle threads beyond this end.
const MAX_IDLE: usize = 4;

/// A file system.
pub(crate) trait Serve: Send + Sync {
    /// Answers one request. `scratch` is memory of the calling thread, for data that is read.
    fn serve(&self, device: &Device, request: &Request<'_>, scratch: &mut Vec<u8>);
}

/// See the module.
pub(crate) struct Server {
    device: Device,
    fs: Box<dyn Serve>,
    single: bool,
    threads: AtomicUsize,
    idle: AtomicUsize,
    over: AtomicBool,
}

impl Server {
    /// `single`: one request at a time.
    pub(crate) fn new(device: Device, fs: Box<dyn Serve>, single: bool) -> Arc<Self> {
        Arc::new(Server {
            device,
            fs,
            single,
            threads: AtomicUsize::new(1),
            idle: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        })
    }

    /// Serves until the file system is unmounted. Requests in progress on other threads may still run afterwards.
    pub(crate) fn run(self: &Arc<Self>) {
        while !self.over.load(Ordering::Relaxed) {
            self.work(true);
        }
    }

    fn work(self: &Arc<Self>, first: bool) {
        let mut buffer = Device::buffer();
        let mut scratch = Vec::new();
        loop {
            let idle = self.idle.fetch_add(1, Ordering::Relaxed);
            if idle >= MAX_IDLE && !first {
                self.idle.fetch_sub(1, Ordering::Relaxed);
                self.threads.fetch_sub(1, Ordering::Relaxed);
                return;
            }
            let message = self.device.read(&mut buffer);
            let last_idle = self.idle.fetch_sub(1, Ordering::Relaxed) == 1;
            let message = match message {
                Ok(Some(message)) => message,
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "cannot read from the kernel");
                    break;
                }
            };
            if last_idle && !self.single {
                self.add_thread();
            }
            if let Some(request) = Request::decode(message) {
                self.fs.serve(&self.device, &request, &mut scratch);
            }
        }
        self.over.store(true, Ordering::Relaxed);
    }

    fn add_thread(self: &Arc<Self>) {
        if self.threads.fetch_add(1, Ordering::Relaxed) >= MAX_THREADS {
            self.threads.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let server = self.clone();
        let made = std::thread::Builder::new().name("fuse".into()).spawn(move || server.work(false));
        if let Err(error) = made {
            tracing::warn!(%error, "no more threads");
            self.threads.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
