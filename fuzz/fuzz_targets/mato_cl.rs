#![no_main]
fuzz::fuzz_direction!(proto::client_master::MatoCl<'_>);
