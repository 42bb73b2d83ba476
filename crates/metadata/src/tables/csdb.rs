//! The chunkservers this file system knows.

use types::Status;

/// Maintenance of a chunkserver.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum Maintenance {
    /// None.
    #[default]
    Off = 0,
    /// Ordered by an operator.
    On = 1,
    /// Begun by the master itself.
    Temporary = 2,
}

/// A chunkserver; its address is the key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CsRecord {
    /// Its id, 0 for none.
    pub id: u16,
    /// Its maintenance state.
    pub maintenance: Maintenance,
    /// When maintenance ends, Unix seconds; 0 for never.
    pub maintenance_until: u32,
}

/// All known chunkservers, by address (IPv4, port).
#[derive(Clone, Default)]
pub(crate) struct Csdb {
    pub(crate) by_address: imbl::OrdMap<(u32, u16), CsRecord>,
}

impl Csdb {
    /// The address of the server with this id.
    pub(crate) fn by_id(&self, id: u16) -> Option<(u32, u16)> {
        self.by_address.iter().find(|(_, cs)| id != 0 && cs.id == id).map(|(address, _)| *address)
    }

    pub(crate) fn add(&mut self, address: (u32, u16), id: u16) -> Result<(), Status> {
        if self.by_address.contains_key(&address) || self.by_id(id).is_some() {
            return Err(Status::MISMATCH);
        }
        self.by_address.insert(address, CsRecord { id, ..CsRecord::default() });
        Ok(())
    }

    pub(crate) fn remove(&mut self, address: (u32, u16)) -> Result<(), Status> {
        self.by_address.remove(&address).map(|_| ()).ok_or(Status::MISMATCH)
    }

    /// The server with this id has another address now.
    pub(crate) fn readdress(&mut self, id: u16, address: (u32, u16)) -> Result<(), Status> {
        let old = self.by_id(id).ok_or(Status::MISMATCH)?;
        if self.by_address.contains_key(&address) {
            return Err(Status::MISMATCH);
        }
        let record = self.by_address.remove(&old).ok_or(Status::MISMATCH)?;
        self.by_address.insert(address, record);
        Ok(())
    }

    pub(crate) fn set_id(&mut self, address: (u32, u16), id: u16) -> Result<(), Status> {
        if id == 0 || self.by_id(id).is_some() {
            return Err(Status::MISMATCH);
        }
        self.by_address.get_mut(&address).ok_or(Status::MISMATCH)?.id = id;
        Ok(())
    }

    pub(crate) fn set_maintenance(
        &mut self,
        address: (u32, u16),
        state: Maintenance,
        until: u32,
    ) -> Result<(), Status> {
        let record = self.by_address.get_mut(&address).ok_or(Status::MISMATCH)?;
        record.maintenance = state;
        record.maintenance_until = until;
        Ok(())
    }
}
