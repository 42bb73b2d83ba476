//! What monitors ask (`spec/admin-and-monitoring.md` 5). Anybody may, registered or not.

use crate::core::Master;
use net::reactor::{ConnId, Net, Verdict};
use placement::{Command, HeavyLoad, Maintenance, RemovalProgress, ServerReport};
use proto::Direction;
use proto::client_master::CltoMa;
use proto::info as p;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{SystemTime, UNIX_EPOCH};
use types::{Bytes32, MsgId, OUR_VERSION, Rest, SessionId, Status, Tag16, Version};

impl Master {
    /// A packet of the monitors' range.
    pub(super) fn monitor_packet(&mut self, net: &mut Net, conn: ConnId, packet: &CltoMa<'_>) -> Verdict {
        match packet {
            CltoMa::CservList(_) => {
                let servers: Vec<p::CservInfo> =
                    self.cluster.servers().map(|s| self.server_line(&s)).collect();
                net.send(conn, &p::CservListReply { servers: Rest::Items(&servers) });
            }
            CltoMa::Info(_) => net.send(conn, &p::InfoReply { info: self.master_info() }),
            CltoMa::MlogList(_) => {
                let lines = self.metaloggers.registered();
                let lines: Vec<p::MlogInfo> =
                    lines.map(|(ip, version)| p::MlogInfo { version, ip }).collect();
                net.send(conn, &p::MlogListReply { metaloggers: Rest::Items(&lines) });
            }
            CltoMa::SessionList(_) => self.send_sessions(net, conn),
            CltoMa::CsservCommand(q) => {
                let status = self.server_command(q.command, (*q.addr.ip(), q.addr.port()));
                net.send_held(conn, self.journal.last(), &p::CsservCommandReply { status });
            }
            CltoMa::SessionCommand(q) => {
                let status = self.session_command(net, q.command, q.session);
                net.send_held(conn, self.journal.last(), &p::SessionCommandReply { status });
            }
            CltoMa::MonotonicData(_) => self.send_monotonic(net, conn),
            CltoMa::Chart(q) => self.send_chart(net, conn, q),
            CltoMa::ChartData(q) => self.send_chart_data(net, conn, q),
            CltoMa::ModuleInfo(q) => net.send(conn, &p::ModuleInfoReply { info: self.module(q.msgid) }),
            other if self.info_list_packet(net, conn, other) || self.info_server_packet(net, conn, other) => {
            }
            other => return Verdict::Close(format!("{} is not answered yet", other.name())),
        }
        Verdict::Keep
    }

    fn server_line(&self, s: &ServerReport<'_>) -> p::CservInfo {
        let maintenance = match s.maintenance {
            Maintenance::Off => 0,
            Maintenance::On => 0x02,
            Maintenance::Temporary => 0x06,
        };
        let mut line = p::CservInfo {
            flags: maintenance | u8::from(s.connected.is_none()),
            version: p::ShortVersion(Version(0)),
            addr: SocketAddrV4::new(s.ip, s.port),
            csid: s.csid,
            used: 0,
            total: 0,
            chunks: 0,
            td_used: 0,
            td_total: 0,
            td_chunks: 0,
            errors: 0,
            load: 0,
            grace_time: 0,
            labels: 0,
            removal_state: 0,
        };
        if let Some((_, server)) = s.connected {
            let at = self.chunk_time().at;
            line.version = p::ShortVersion(server.version);
            line.used = server.space.used;
            line.total = server.space.total;
            line.chunks = server.space.chunks;
            line.td_used = server.space.removal_used;
            line.td_total = server.space.removal_total;
            line.td_chunks = server.space.removal_chunks;
            line.errors = server.errors;
            line.load = server.load;
            line.labels = server.labels;
            line.grace_time = match server.heavy_load(at) {
                HeavyLoad::Overloaded => 0xC000_0000,
                HeavyLoad::Rebalance => 0x8000_0000,
                _ => u32::try_from(server.grace_left_ms(at).div_ceil(1000)).unwrap_or(u32::MAX >> 2),
            };
            line.removal_state = match server.removal_progress() {
                RemovalProgress::Unknown => 0,
                RemovalProgress::InProgress => 1,
                RemovalProgress::CanBeRemoved => 2,
            };
        }
        line
    }

    fn master_info(&self) -> p::MasterInfo {
        let space = self.cluster.space();
        let totals = self.fs.totals();
        let usage = daemon::Usage::now();
        let [user_cpu, system_cpu] = self.cpu_of_last_minute();
        let (all_copies, regular_copies) = self.cluster.copy_totals();
        let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let saved = &self.images.last;
        // Nodes, not names; and deleted files count until they are gone.
        let kinds = self.fs.sclasses().map(|(id, _)| self.fs.sclass_files_and_dirs(id));
        let (files, dirs) = kinds.fold((0, 0), |(files, dirs), (f, d)| (files + f, dirs + d));
        p::MasterInfo {
            version: OUR_VERSION,
            memory: usage.resident,
            system_cpu,
            user_cpu,
            total_space: space.total,
            avail_space: space.available,
            free_space: space.free,
            trash_space: totals.trash_space,
            trash_files: narrow(totals.trash_files),
            sustained_space: totals.sustained_space,
            sustained_files: narrow(totals.sustained_files),
            nodes: totals.nodes,
            dirs: narrow(dirs),
            files: narrow(files),
            chunks: totals.chunks,
            all_copies: narrow(all_copies),
            regular_copies: narrow(regular_copies),
            saved_at: saved.unix,
            save_ms: u32::try_from(saved.took.as_millis()).unwrap_or(u32::MAX),
            save_status: 0,
            roles: [0xFF; 4],
            leader: Ipv4Addr::UNSPECIFIED,
            role_since: 0,
            metadata_version: self.fs.version(),
            exports_checksum: crate::exports::checksum(&self.exports),
            time_us: {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
            },
            last_change: 0,
        }
    }

    fn send_sessions(&self, net: &mut Net, conn: ConnId) {
        let lines: Vec<_> =
            self.fs.sessions().map(|(id, s)| (id, s, self.session_path(s.fields().root))).collect();
        let lines: Vec<p::SessionInfo<'_>> =
            lines.iter().map(|(id, s, path)| self.session_line(*id, s, path)).collect();
        net.send(conn, &p::SessionListReply { operations: Tag16::<16>, sessions: Rest::Items(&lines) });
    }

    fn session_path(&self, root: types::Inode) -> Vec<u8> {
        match root {
            types::Inode(0) => b".".to_vec(),
            root => [b"/".to_vec(), self.fs.paths(root, types::ROOT).into_iter().next().unwrap_or_default()]
                .concat(),
        }
    }

    fn session_line<'a>(
        &self,
        id: SessionId,
        s: &'a metadata::Session,
        path: &'a [u8],
    ) -> p::SessionInfo<'a> {
        let f = s.fields();
        let conns = self.clients.of_session(id);
        let member = conns.first().and_then(|conn| self.clients.member(*conn));
        let left = s.disconnected.saturating_add(self.config.session_sustain).saturating_sub(self.now);
        p::SessionInfo {
            session: id,
            ip: f.ip.into(),
            version: member.map_or(Version(0), |m| m.version),
            open_files: u32::try_from(self.fs.open_files(id).count()).unwrap_or(u32::MAX),
            connections: u8::try_from(conns.len()).unwrap_or(u8::MAX),
            expire: if conns.is_empty() { left } else { u32::MAX },
            info: super::register::shown_info(f.info),
            path: Bytes32::new(path),
            flags: f.flags,
            umask: f.umask,
            root_uid: f.root_uid,
            root_gid: f.root_gid,
            mapall_uid: f.mapall_uid,
            mapall_gid: f.mapall_gid,
            limits: proto::client_master::SessionLimits {
                min_goal: f.min_goal,
                max_goal: f.max_goal,
                min_trash_time: f.min_trash,
                max_trash_time: f.max_trash,
            },
            disables: f.disables,
            current: self.session_counters(id)[0],
            last: self.session_counters(id)[1],
        }
    }

    fn server_command(&mut self, command: u8, address: (Ipv4Addr, u16)) -> Status {
        let command = match command {
            0 => Command::Remove,
            1 => Command::BackToWork,
            2 => Command::MaintenanceOn,
            3 => Command::MaintenanceOff,
            _ => return Status::EINVAL,
        };
        let now = self.chunk_time();
        let status = self.cluster.command(now, address, command);
        self.apply_chunk_events();
        status
    }

    /// Only sessions that nobody uses can be removed.
    fn session_command(&mut self, net: &mut Net, command: u8, session: SessionId) -> Status {
        if command != 0 {
            Status::EINVAL
        } else if self.fs.session(session).is_none() {
            Status::NOTFOUND
        } else if !self.clients.of_session(session).is_empty() {
            Status::ACTIVE
        } else {
            self.remove_session(net, session);
            Status::OK
        }
    }

    fn module(&self, msgid: Option<MsgId>) -> p::ModuleForm {
        /// A master.
        const MASTER: u8 = 1;
        let module = p::Module {
            kind: MASTER,
            version: OUR_VERSION,
            id: 0,
            metaid: self.fs.meta_id(),
            master: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0),
        };
        p::ModuleForm { msgid, module }
    }
}
