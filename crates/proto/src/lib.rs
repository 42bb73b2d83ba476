//! Every packet of every link, declared once: structs, codecs, ids, dispatch and field tables follow from the
//! declaration (`packets!`). A frame is `u32 id | u32 length | body`, all big-endian.

#[macro_use]
mod packets;
#[macro_use]
mod record;
pub mod admin;
pub mod any;
pub mod client_master;
pub mod cs_data;
pub mod cs_master;
mod docs;
pub mod extension;
mod frame;
pub mod health;
pub mod info;
pub mod jobs;
pub mod metalogger;

pub use docs::protocol_markdown;
pub use extension::{EXTENSION_IDS, Extensions};
pub use frame::{FrameHeader, HEADER_SIZE, PacketError, encode_frame};
pub use packets::{Direction, FieldDoc, Packet, PacketDoc};
