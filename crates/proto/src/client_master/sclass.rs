//! Administration of storage classes (`spec/wire-client-master.md` 3.10).

use super::sclass_shapes::SclassDef;
use types::{MsgId, Name, Reply, RestBytes, Status, Tag};

packets! { <'a> {
    /// Make a storage class.
    350 SclassCreate<'a> { msgid: MsgId, name: Name<'a>, form: Tag<0>, class: SclassDef<'a> }
    /// Answers `SclassCreate`.
    351 SclassCreateReply { msgid: MsgId, status: Status }

    /// Change a storage class, or ask for it by changing nothing.
    352 SclassChange<'a> {
        msgid: MsgId,
        name: Name<'a>,
        form: Tag<0>,
        /// What to change: 0x01 admin only, 0x02 mode, 0x04 create, 0x08 keep, 0x10 archive, 0x20 delay; 0x8000 force.
        change_mask: u16,
        class: SclassDef<'a>
    }
    /// Answers `SclassChange` with the class as it is now.
    353 SclassChangeReply<'a> { msgid: MsgId, reply: Reply<(Tag<0>, SclassDef<'a>)> }

    /// Delete a storage class.
    354 SclassDelete<'a> { msgid: MsgId, name: Name<'a> }
    /// Answers `SclassDelete`.
    355 SclassDeleteReply { msgid: MsgId, status: Status }

    /// Copy a storage class.
    356 SclassDuplicate<'a> { msgid: MsgId, name: Name<'a>, new_name: Name<'a> }
    /// Answers `SclassDuplicate`.
    357 SclassDuplicateReply { msgid: MsgId, status: Status }

    /// Rename a storage class.
    358 SclassRename<'a> { msgid: MsgId, name: Name<'a>, new_name: Name<'a> }
    /// Answers `SclassRename`.
    359 SclassRenameReply { msgid: MsgId, status: Status }

    /// Which storage classes are there?
    360 SclassList {
        msgid: MsgId,
        /// 1: with their definitions.
        long: u8
    }
    /// Answers `SclassList` with a list of `Name` or, if the request said so, of `(Name, SclassDef)`; or with a status.
    /// One byte is a status: no list has that length, except of one class with an empty name.
    361 SclassListReply<'a> { msgid: MsgId, reply: Reply<RestBytes<'a>> }
} }
