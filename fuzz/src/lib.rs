//! What every target does with its input.

/// Makes a target of a direction: the first byte chooses the packet, the rest is its body. What decodes must encode to
/// bytes that decode to the same again, and must have a `Debug` form.
#[macro_export]
macro_rules! fuzz_direction {
    ($dir:ty) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| {
            use proto::{Direction, HEADER_SIZE};
            let Some((choice, body)) = data.split_first() else { return };
            let packets = <$dir as Direction>::PACKETS;
            let id = packets[usize::from(*choice) % packets.len()].id;
            let Ok(packet) = <$dir as Direction>::decode(id, body) else { return };
            let mut frame = Vec::new();
            packet.encode_frame(&mut frame);
            let again =
                <$dir as Direction>::decode(id, &frame[HEADER_SIZE..]).expect("what we wrote, we read");
            assert_eq!(packet, again);
            assert!(format!("{packet:?}").contains(packet.name()));
        });
    };
}
