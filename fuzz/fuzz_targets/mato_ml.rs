#![no_main]
fuzz::fuzz_direction!(proto::metalogger::MatoMl<'_>);
