//! What a command is doing: a spinner on a terminal, plain lines elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// The steps of one command, on standard error.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Begins.
    pub(crate) fn new() -> Progress {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Progress { bar }
    }

    /// True when there is somebody to watch.
    pub(crate) fn is_terminal(&self) -> bool {
        self.bar.is_some()
    }

    /// Now doing this. On a terminal it replaces what was there.
    pub(crate) fn step(&self, text: impl Into<String>) {
        let text = text.into();
        match &self.bar {
            Some(bar) => bar.set_message(text),
            None => eprintln!("{text} ..."),
        }
    }

    /// This is done and stays on the screen.
    pub(crate) fn done(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(format!("✓ {text}")),
            None => eprintln!("{text}"),
        }
    }

    /// A line to notice.
    pub(crate) fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
