//! Reading: from what waits to be written, from what was read ahead, from chunkservers.

mod ahead;
mod stored;

pub(crate) use ahead::{Ahead, Pattern};
