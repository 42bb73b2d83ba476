//! What placement wants the master to know or to do.

use crate::core::Master;
use net::reactor::Net;
use ondisk::{CsdbAction, Op};
use placement::{Alarm, Event, Instant, Now, RegistryChange};
use types::ChunkId;

impl Master {
    /// Both clocks, as placement wants them.
    pub(crate) fn chunk_time(&self) -> Now {
        let at = self.started.elapsed().as_millis();
        Now { at: Instant(u64::try_from(at).unwrap_or(u64::MAX)), unix: self.now }
    }

    /// Logs and applies what placement says of metadata, at once: its next answer counts on it. The rest waits for
    /// [`Master::settle_chunks`].
    pub(crate) fn apply_chunk_events(&mut self) {
        for event in self.cluster.take_events() {
            match event {
                Event::SetVersion { chunk, version } => self.run_or_tell(&Op::SetVersion { chunk, version }),
                Event::RemoveChunk { chunk, version } => self.run_or_tell(&Op::ChunkDel { chunk, version }),
                Event::RaiseNextChunk { above } => {
                    let chunk = ChunkId(above.0 + 1);
                    if chunk > self.fs.next_chunk_id() {
                        self.run_or_tell(&Op::NextChunkId { chunk });
                    }
                }
                Event::Registry(change) => self.change_registry(&change),
                other => self.chunk_events.push_back(other),
            }
        }
    }

    fn change_registry(&mut self, change: &RegistryChange) {
        use CsdbAction::{
            Add, Delete, MaintenanceOff, MaintenanceOn, MaintenanceTemporary, NewAddress, NewId,
        };
        let actions = [Add, Delete, NewAddress, NewId, MaintenanceOn, MaintenanceOff, MaintenanceTemporary];
        let Some(action) = actions.get(usize::from(change.op)) else { return };
        let op = Op::Csdb { action: *action, ip: change.ip.into(), port: change.port, arg: change.arg };
        self.run_or_tell(&op);
    }

    /// At the end of a turn: answers what has ended, tries again what may go on, sends orders.
    pub(crate) fn settle_chunks(&mut self, net: &mut Net) {
        self.apply_chunk_events();
        while let Some(event) = self.chunk_events.pop_front() {
            match event {
                Event::OperationDone { chunk, status } => self.operation_done(net, chunk, status),
                Event::Retry { chunk } => self.retry_parked(net, chunk),
                Event::ForgetLocations => self.tell_locations_changed(net),
                Event::Alarm(alarm) => self.sound(&alarm),
                Event::SetVersion { .. }
                | Event::RemoveChunk { .. }
                | Event::RaiseNextChunk { .. }
                | Event::Registry(_) => {}
            }
            self.apply_chunk_events();
        }
        self.send_orders(net);
    }

    fn sound(&self, alarm: &Alarm) {
        match *alarm {
            Alarm::MetadataIsOld { chunk, found, known } => tracing::error!(
                "chunkservers hold chunk {chunk:016X} in version {found}, the metadata knows version {known}: THE METADATA \
                 IS OLDER THAN THE DATA. Nothing is deleted until an operator confirms; look for newer metadata at the \
                 metaloggers"
            ),
            Alarm::Quarantined { chunk, version, server } => tracing::warn!(
                "chunk {chunk:016X} version {version} at {} is unknown to the metadata: kept in quarantine",
                self.server_name(server)
            ),
            Alarm::NeedsRepair { chunk } => tracing::error!(
                "chunk {chunk:016X} has only copies of wrong versions: use mfsfilerepair on its file"
            ),
            Alarm::DisksEmptied { server } => tracing::info!(
                "chunkserver {}: nothing is needed any more on its disks that are marked for removal: they can be removed",
                self.server_name(server)
            ),
            Alarm::UnexpectedAnswer { chunk, server } => tracing::warn!(
                "{} answered for chunk {chunk:016X} although nothing was ordered",
                self.server_name(server)
            ),
        }
    }
}
