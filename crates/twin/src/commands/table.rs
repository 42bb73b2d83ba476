//! Every packet a client may send, and what makes it.

use super::{Gen, attrs, classes, data, deleted, info, locks, names, tools};
use crate::clients::{CLIENTS, Kind};
use crate::world::World;
use fastrand::Rng;

/// What becomes of a packet in the test.
#[derive(Clone, Copy)]
pub enum Use {
    /// Drawn so often, in a batch with others.
    Mixed(u32, fn(&mut Gen<'_>)),
    /// Drawn so often, in a batch of its own: it needs a look at the state before it, or may end the connection.
    Alone(u32, fn(&mut Gen<'_>)),
    /// Drawn so often, once there are chunkservers.
    Chunks(u32, fn(&mut Gen<'_>)),
    /// Drawn so often, for mounts of trash.
    Meta(u32, fn(&mut Gen<'_>)),
    /// Drawn so often, from anybody.
    Info(u32, fn(&mut Gen<'_>)),
    /// Sent by the driver itself, as this says.
    Driver(&'static str),
}

impl Use {
    fn weight(self) -> u32 {
        match self {
            Use::Mixed(n, _) | Use::Alone(n, _) | Use::Chunks(n, _) | Use::Meta(n, _) | Use::Info(n, _) => n,
            Use::Driver(_) => 0,
        }
    }
}

use Use::{Alone, Chunks, Driver, Info, Meta, Mixed};

/// By packet id.
pub const TABLE: &[(u32, Use)] = &[
    (0, Info(1, info::nop)),
    (1, Alone(1, info::unknown_command)),
    (2, Alone(1, info::bad_size)),
    (10, Info(2, info::version)),
    (80, Info(2, info::config)),
    (350, Mixed(12, classes::create)),
    (352, Mixed(12, classes::change)),
    (354, Mixed(12, classes::delete)),
    (356, Mixed(6, classes::duplicate)),
    (358, Mixed(6, classes::rename)),
    (360, Mixed(6, classes::list)),
    (400, Driver("new sessions at the start, lost connections, closed and refused sessions")),
    (402, Mixed(10, names::statfs)),
    (404, Mixed(25, names::access)),
    (406, Mixed(40, names::lookup)),
    (408, Mixed(40, attrs::getattr)),
    (410, Mixed(40, attrs::setattr)),
    (412, Mixed(10, names::readlink)),
    (414, Mixed(15, names::symlink)),
    (416, Mixed(45, names::mknod)),
    (418, Mixed(25, names::mkdir)),
    (420, Mixed(45, names::unlink)),
    (422, Mixed(20, names::rmdir)),
    (424, Alone(25, names::rename)),
    (426, Mixed(20, names::link)),
    (428, Mixed(20, names::readdir)),
    (430, Mixed(25, names::open)),
    (432, Chunks(20, data::read_chunk)),
    (434, Chunks(40, data::write_chunk)),
    (436, Chunks(50, data::write_end)),
    (438, Mixed(20, data::append)),
    (440, Mixed(20, data::check)),
    (442, Mixed(10, tools::get_trash_time)),
    (444, Mixed(20, tools::set_trash_time)),
    (446, Mixed(10, tools::get_sclass)),
    (448, Mixed(30, tools::set_sclass)),
    (450, Meta(20, deleted::trash)),
    (452, Meta(20, deleted::attr)),
    (454, Meta(15, deleted::path)),
    (456, Meta(20, deleted::set_path)),
    (458, Meta(25, deleted::undelete)),
    (460, Meta(20, deleted::purge)),
    (462, Mixed(15, tools::dir_stats)),
    (464, Chunks(40, data::truncate)),
    (466, Mixed(10, data::repair)),
    (468, Mixed(20, tools::snapshot)),
    (470, Meta(10, deleted::sustained)),
    (472, Mixed(10, tools::get_eattr)),
    (474, Mixed(25, tools::set_eattr)),
    (476, Mixed(20, tools::quota)),
    (478, Mixed(15, attrs::getxattr)),
    (480, Mixed(20, attrs::setxattr)),
    (482, Mixed(30, names::create)),
    (484, Mixed(10, tools::parents)),
    (486, Mixed(10, tools::paths)),
    (488, Mixed(15, attrs::getfacl)),
    (490, Mixed(25, attrs::setfacl)),
    (492, Mixed(40, locks::flock)),
    (494, Mixed(50, locks::posix_lock)),
    (496, Mixed(15, tools::archive)),
    (500, Info(2, info::servers)),
    (502, Info(1, info::monotonic)),
    (504, Info(1, info::chart)),
    (506, Info(1, info::chart_data)),
    (508, Info(2, info::sessions)),
    (510, Info(3, info::info)),
    (512, Info(1, info::fs_test)),
    (514, Info(1, info::chunks_test)),
    (516, Info(1, info::matrix)),
    (518, Info(4, info::quotas)),
    (520, Info(1, info::exports)),
    (522, Info(1, info::metaloggers)),
    (524, Info(1, info::server_command)),
    (526, Info(1, info::session_command)),
    (528, Info(1, info::memory)),
    (530, Info(1, info::module)),
    (532, Info(4, info::open_files)),
    (534, Info(4, info::acquired_locks)),
    (536, Info(4, info::mass_paths)),
    (542, Info(3, info::classes)),
    (544, Info(1, info::missing)),
    (546, Mixed(10, tools::node_info)),
    (700, Alone(20, locks::sustained_inodes)),
    (701, Mixed(10, attrs::amtimes)),
    (704, Mixed(2, info::time_sync)),
];

/// What a tool's own connection may ask for; anything else ends it.
const TOOLS: &[u32] = &[
    10, 80, 350, 352, 354, 356, 358, 360, 432, 438, 440, 442, 444, 446, 448, 462, 464, 466, 468, 472, 474,
    476, 496,
];

/// One in so many commands of a mount of trash is one that it cannot use.
const META_SHARE: u32 = 8;
/// One in so many commands of a tool or a guest ends its connection.
const FORBIDDEN_SHARE: u32 = 300;

/// Draws a command for a client. `chunks`: chunkservers are ready. Returns its frame and whether it must be alone.
pub fn draw(rng: &mut Rng, world: &World, client: usize, msgid: u32, chunks: bool) -> (Vec<u8>, bool) {
    let total: u32 = TABLE.iter().map(|(_, one)| one.weight()).sum();
    loop {
        let mut at = rng.u32(..total);
        let drawn = TABLE.iter().find(|(_, one)| {
            let found = at < one.weight();
            at = at.saturating_sub(one.weight());
            found
        });
        let Some((id, one)) = drawn else { continue };
        let Some(allowed) = suits(rng, CLIENTS[client].kind, *id, *one) else { continue };
        let (Mixed(_, make) | Alone(_, make) | Chunks(_, make) | Meta(_, make) | Info(_, make)) = one else {
            continue;
        };
        if matches!(one, Chunks(..)) && !chunks {
            continue;
        }
        let mut g = Gen::new(rng, world, client, msgid);
        make(&mut g);
        return (g.finish(), !allowed || matches!(one, Alone(..)));
    }
}

/// Whether to send it: `Some(false)` is a command that ends the connection.
fn suits(rng: &mut Rng, kind: Kind, id: u32, one: Use) -> Option<bool> {
    let mut rarely = |share| (rng.u32(..share) == 0).then_some(true);
    match (kind, one) {
        (_, Driver(_)) => None,
        (Kind::Mount | Kind::Meta | Kind::Guest, Info(..)) => Some(true),
        (Kind::Tools, _) if TOOLS.contains(&id) => Some(true),
        (Kind::Tools | Kind::Guest, _) => rarely(FORBIDDEN_SHARE).map(|_| false),
        (Kind::Meta, Meta(..)) | (Kind::Mount, Mixed(..) | Alone(..) | Chunks(..)) => Some(true),
        (Kind::Meta, _) | (Kind::Mount, Meta(..)) => rarely(META_SHARE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::client_master::CltoMa;
    use proto::{Direction, EXTENSION_IDS, HEADER_SIZE};
    use std::collections::BTreeSet;

    /// But for our own, which a stock master does not know.
    #[test]
    fn every_packet_a_client_may_send_is_in_the_table() {
        let ids = CltoMa::PACKETS.iter().map(|packet| packet.id);
        let declared: BTreeSet<u32> = ids.filter(|id| !EXTENSION_IDS.contains(id)).collect();
        let listed: BTreeSet<u32> = TABLE.iter().map(|(id, _)| *id).collect();
        assert_eq!(declared, listed);
        assert_eq!(listed.len(), TABLE.len(), "an id is listed twice");
    }

    #[test]
    fn what_a_line_makes_is_its_packet() {
        let world = World::default();
        for (id, one) in TABLE {
            let (Mixed(n, make) | Alone(n, make) | Chunks(n, make) | Meta(n, make) | Info(n, make)) = one
            else {
                continue;
            };
            assert!(*n > 0, "packet {id} is never drawn");
            for seed in 0..300 {
                let mut rng = Rng::with_seed(seed);
                let mut g = Gen::new(&mut rng, &world, 0, 7);
                make(&mut g);
                let frame = g.finish();
                assert_eq!(frame[..4], id.to_be_bytes(), "packet {id}");
                CltoMa::decode(*id, &frame[HEADER_SIZE..]).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
            }
        }
    }
}
