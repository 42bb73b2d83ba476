//! End-to-end tests: real processes, real FUSE, real files; stock MooseFS 3.0.117 and ElkFS in every pairing.
//!
//! They need root, `/dev/fuse`, Debian's `moosefs-*` packages and a built `elkfs`; `./test` sees to all of it.
//! `ELKFS_E2E_FULL=1` makes trees and files as large as in the project's goals.

mod big_file;
mod bit_rot;
mod build;
mod chaos;
mod drain;
mod full_disk;
mod kill_chunkserver;
mod kill_master;
mod kill_master_often;
mod mfscli_calls;
mod old_metadata;
mod replication;
mod setups;
mod tool_calls;
mod tree_copy;
mod walk;
