//! Connections to chunkservers.

mod conn;
mod fetch;
mod pool;

pub(crate) use conn::CsConn;
pub(crate) use fetch::{FetchError, fetch};
pub(crate) use pool::Pool;
