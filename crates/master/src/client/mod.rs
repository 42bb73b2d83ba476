//! The client link: mounts and tools (`spec/wire-client-master.md`).

mod admin;
mod attrs;
mod counters;
pub(crate) mod data;
mod deleted;
mod dispatch;
mod info;
mod info_lists;
mod info_servers;
mod links;
pub(crate) mod locks;
mod namespace;
mod notify;
pub(crate) mod pending;
mod periodic;
mod register;
mod sclass;
pub(crate) mod sessions;
mod tool_reads;
mod tools;
mod tree_tools;
mod xattr;

pub(crate) use links::{ClientLinks, Member};

use proto::client_master::{ConfigValue, GetConfig, GetVersion, VersionForm, VersionInfo};
use types::{Name, OUR_VERSION, RestBytes};

/// Answers GET_VERSION, which every port takes.
pub(crate) fn version_info(q: &GetVersion) -> VersionInfo<'static> {
    let text = concat!("3.0.117-elkfs-", env!("CARGO_PKG_VERSION"));
    VersionInfo {
        info: VersionForm { msgid: q.msgid, version: OUR_VERSION, text: RestBytes(text.as_bytes()) },
    }
}

/// Answers GET_CONFIG with the option's text, empty when it is not set.
pub(crate) fn config_value<'a>(q: &GetConfig<'_>, value: Option<&'a str>) -> ConfigValue<'a> {
    let value = value.unwrap_or_default().as_bytes();
    ConfigValue { msgid: q.msgid, value: Name::new(&value[..value.len().min(255)]).unwrap_or_default() }
}
