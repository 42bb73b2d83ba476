#![no_main]
fuzz::fuzz_direction!(proto::cs_data::CsToCl<'_>);
