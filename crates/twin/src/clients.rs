//! Who talks to the masters: an export line each, told apart by the address they come from.

use std::net::Ipv4Addr;

/// What a connection registers as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A mount.
    Mount,
    /// A mount of trash and sustained files.
    Meta,
    /// A command line tool that registers for the session of client 0.
    Tools,
    /// Nothing: it asks what anybody may ask.
    Guest,
}

/// One client.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// What it is.
    pub kind: Kind,
    /// Last byte of its address in 10.99.0.0/24.
    pub host: u8,
    /// The directory it mounts.
    pub path: &'static str,
    /// Its password.
    pub password: Option<&'static str>,
    /// Its line of `mfsexports.cfg` without the address; empty when another client's line serves it.
    pub line: &'static str,
}

impl Client {
    /// Where it comes from.
    pub fn address(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 99, 0, self.host)
    }
}

const fn mount(host: u8, line: &'static str) -> Client {
    Client { kind: Kind::Mount, host, path: "/", password: None, line }
}

/// The first is root everywhere and may do everything: what is needed besides the commands under test goes through it.
pub const CLIENTS: &[Client] = &[
    mount(20, "/ rw,admin,maproot=0:0"),
    mount(21, "/ rw,maproot=0:0"),
    mount(22, "/ ro,admin,maproot=0:0"),
    mount(23, "/ rw,admin"),
    mount(24, "/ rw,admin,maproot=500:501"),
    mount(25, "/ rw,mapall=1000:1000,maproot=0:0"),
    mount(26, "/ rw,mapall=1001:1001"),
    mount(27, "/ rw,ignoregid,maproot=0:0"),
    mount(28, "/ rw,admin,maproot=0:0,mingoal=2,maxgoal=3,mintrashtime=3600,maxtrashtime=90000"),
    mount(29, "/ rw,admin,maproot=0:0,umask=0027"),
    mount(30, "/ rw,admin,maproot=0:0,disable=snapshot:settrash:setsclass:seteattr:appendchunks:unlink"),
    mount(31, "/ rw,maproot=0:0,disable=chown:chmod:symlink:mkfifo:mkdev:mksock:mkdir:rmdir:rename:link"),
    mount(32, "/ rw,maproot=0:0,disable=move:create:readdir:read:write:truncate:setxattr:setfacl"),
    mount(33, "/ rw,maproot=0:0,disable=setlength:rename"),
    Client {
        kind: Kind::Mount,
        host: 34,
        path: "/sub/dir",
        password: None,
        line: "/sub rw,alldirs,admin,maproot=0:0",
    },
    Client {
        kind: Kind::Mount,
        host: 35,
        path: "/sub",
        password: Some("secret"),
        line: "/sub rw,mapall=1002:1002,password=secret",
    },
    mount(36, "/ rw,admin,dynamicip,maproot=0:0"),
    Client { kind: Kind::Meta, host: 20, path: "", password: None, line: ". rw" },
    Client { kind: Kind::Meta, host: 22, path: "", password: None, line: ". ro,mintrashtime=3600" },
    Client { kind: Kind::Tools, host: 20, path: "", password: None, line: "" },
    Client { kind: Kind::Guest, host: 20, path: "", password: None, line: "" },
];

/// The exports file of both masters.
pub fn exports() -> String {
    let lines = CLIENTS.iter().filter(|client| !client.line.is_empty());
    lines.map(|client| format!("{} {}\n", client.address(), client.line)).collect()
}
