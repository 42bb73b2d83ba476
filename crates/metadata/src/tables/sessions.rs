//! Client sessions.

use ondisk::SessionFields;
use std::sync::Arc;
use types::{Bytes32, SessionId};

/// Operation counters per session.
pub const SESSION_COUNTERS: usize = 16;

/// A client session (`spec/wire-client-master.md` 2.10).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// All but the text.
    fields: SessionFields<'static>,
    info: Box<[u8]>,
    /// When the last connection went, Unix seconds; 0 when none ever did.
    pub disconnected: u32,
    /// Operations in this hour. Not in the changelog: only an image carries them.
    pub counters: [u32; SESSION_COUNTERS],
    /// Operations in the hour before.
    pub last_hour: [u32; SESSION_COUNTERS],
}

impl Session {
    pub(crate) fn new(fields: &SessionFields<'_>, disconnected: u32) -> Self {
        let info = fields.info.as_bytes().into();
        let fields = without_text(*fields);
        Session { fields, info, disconnected, counters: Default::default(), last_hour: Default::default() }
    }

    /// What the changelog says of the session.
    pub fn fields(&self) -> SessionFields<'_> {
        SessionFields { info: Bytes32::new(&self.info), ..self.fields }
    }
}

fn without_text(f: SessionFields<'_>) -> SessionFields<'static> {
    SessionFields {
        exports_csum: f.exports_csum,
        root: f.root,
        flags: f.flags,
        umask: f.umask,
        root_uid: f.root_uid,
        root_gid: f.root_gid,
        mapall_uid: f.mapall_uid,
        mapall_gid: f.mapall_gid,
        min_goal: f.min_goal,
        max_goal: f.max_goal,
        min_trash: f.min_trash,
        max_trash: f.max_trash,
        disables: f.disables,
        ip: f.ip,
        info: Bytes32::new(&[]),
    }
}

/// All sessions, by id, which is the order in which they were made.
#[derive(Clone)]
pub(crate) struct Sessions {
    pub(crate) by_id: imbl::OrdMap<u32, Arc<Session>>,
    /// The id the next session gets.
    pub(crate) next: u32,
}

impl Sessions {
    pub(crate) fn new() -> Self {
        Sessions { by_id: imbl::OrdMap::new(), next: 1 }
    }

    pub(crate) fn get(&self, id: SessionId) -> Option<&Session> {
        self.by_id.get(&id.0).map(|s| &**s)
    }

    pub(crate) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.by_id.get_mut(&id.0).map(Arc::make_mut)
    }

    pub(crate) fn insert(&mut self, id: SessionId, session: Session) {
        self.by_id.insert(id.0, Arc::new(session));
    }
}
