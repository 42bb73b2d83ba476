//! Whatever arrives, decoding answers; and what it accepts, it can write down again.

mod common;

use common::{Way, ways};
use proptest::prelude::*;

/// Decoding must not panic; a value that was decoded encodes to bytes that decode to the same value.
fn check(way: &Way, id: u32, body: &[u8]) {
    let Ok((name, frame)) = (way.again)(id, body) else { return };
    let (again_name, again) = (way.again)(id, &frame[proto::HEADER_SIZE..]).expect("what we wrote, we read");
    assert_eq!((name, &frame), (again_name, &again), "{} {id}", way.name);
    let shown = (way.show)(id, body).expect("decoded before");
    assert!(shown.contains(name));
}

/// Bytes in which small numbers are frequent, since they are what counts and kinds look like.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => Just(0_u8), 2 => 0_u8..12, 1 => Just(0xFF_u8), 2 => any::<u8>()];
    prop::collection::vec(byte, 0..220)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_bytes_never_panic(body in body()) {
        for way in ways() {
            for packet in way.packets {
                check(&way, packet.id, &body);
            }
        }
    }

    #[test]
    fn arbitrary_ids_never_panic(id in any::<u32>(), body in body()) {
        for way in ways() {
            check(&way, id, &body);
        }
    }
}

#[test]
fn all_zero_and_all_one_bodies_of_every_length() {
    for byte in [0, 1, 0xFF] {
        let body = vec![byte; 1100];
        for way in ways() {
            for packet in way.packets {
                (0..body.len()).for_each(|n| check(&way, packet.id, &body[..n]));
            }
        }
    }
}
