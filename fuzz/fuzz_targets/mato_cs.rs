#![no_main]
fuzz::fuzz_direction!(proto::cs_master::MatoCs<'_>);
