//! Progress: a bar on a terminal, lines in the log elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use recovery::{LogProgress, Progress};
use std::io::IsTerminal;

/// Changes between two looks at the clock.
const STEP: u64 = 1024;

/// Shows a replay.
pub(crate) enum Bar {
    /// Somebody watches.
    Terminal(ProgressBar),
    /// Nobody does, or single changes are shown.
    Log(LogProgress),
}

impl Bar {
    /// `quiet` leaves standard error to other messages.
    pub(crate) fn new(quiet: bool) -> Bar {
        if quiet || !std::io::stderr().is_terminal() {
            return Bar::Log(LogProgress::default());
        }
        let style = "{bar:30} {pos} of {len} changes, {eta} left";
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Bar::Terminal(bar)
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Bar::Terminal(bar) = self {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bar {
    fn change(&mut self, current: u64, first: u64, last: u64) {
        match self {
            Bar::Log(log) => log.change(current, first, last),
            Bar::Terminal(bar) => {
                let done = current.saturating_sub(first) + 1;
                if done.is_multiple_of(STEP) || current >= last {
                    bar.set_length(last.saturating_sub(first) + 1);
                    bar.set_position(done);
                }
            }
        }
    }
}
