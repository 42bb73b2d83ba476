//! The data sets.

mod chart_series;
mod charts;
mod classes;
mod disks;
mod exports;
mod locks;
mod loops;
mod masters;
mod matrix;
mod memory;
mod missing;
mod mounts;
mod open_files;
mod quotas;
mod servers;
mod session_fields;

use crate::options::{Options, Set};
use crate::source::Source;
use crate::table::Block;
use admin::AskError;
pub(crate) use masters::all_dead;
use thiserror::Error;

/// Why there is no data set.
#[derive(Debug, Error)]
pub(crate) enum SectionError {
    /// A server does not answer as it should.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// What was asked for is not there, in stock's words.
    #[error("{0}")]
    NotThere(String),
}

pub(crate) type Blocks = Result<Vec<Block>, SectionError>;

/// The data set with this code; `None` for one that has nothing to show, as stock's licence.
pub(crate) fn blocks(source: &mut Source, set: &Set, options: &Options) -> Option<Blocks> {
    Some(match set.code.as_str() {
        "IM" => masters::states(source, set),
        "IG" => masters::info(source),
        "MU" => memory::usage(source),
        "IC" => matrix::chunks(source, set),
        "IL" => loops::loops(source),
        "MF" => missing::files(source, set),
        "CS" => servers::chunkservers(source, set),
        "MB" => servers::metaloggers(source, set),
        "HD" => disks::disks(source, set),
        "EX" => exports::exports(source, set),
        "MS" => mounts::parameters(source, set),
        "MO" => mounts::operations(source, set),
        "SC" => classes::classes(source, set),
        "OF" => open_files::open_files(source, set, options.id),
        "AL" => locks::locks(source, set, options.id),
        "QU" => quotas::quotas(source, set),
        "MC" => charts::master(source, set, &options.master_charts),
        "CC" => charts::chunkservers(source, set, &options.server_charts),
        _ => return None,
    })
}
