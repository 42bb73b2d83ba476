//! Registration and sessions (`spec/wire-client-master.md` 2). These two packets carry no message id.

use super::register_shapes::{Register, RegisterReply};

packets! { <'a> {
    /// Opens, resumes or ends a session, or asks for a challenge.
    400 FuseRegister<'a> { request: Register<'a> }

    /// Answers `FuseRegister`.
    401 FuseRegisterReply { reply: RegisterReply }
} }
