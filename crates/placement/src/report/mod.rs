//! What chunkservers tell of themselves and of their chunks (`spec/chunk-placement.md` 3.9, 3.10).

mod chunks;
mod connection;
#[cfg(test)]
mod tests;
