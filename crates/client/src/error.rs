//! Errors are errnos, because that is what every caller of a file system wants in the end.

use types::Status;

/// An errno.
pub type Error = rustix::io::Errno;
/// The outcome of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// The errno for a status that a namespace operation was answered with (`spec/wire-client-master.md` 5).
pub(crate) fn errno(status: Status) -> Error {
    match status {
        Status::EPERM => Error::PERM,
        Status::ENOTDIR => Error::NOTDIR,
        Status::ENOENT | Status::ENOENT_NOCACHE => Error::NOENT,
        Status::EACCES => Error::ACCESS,
        Status::EEXIST => Error::EXIST,
        Status::ENOTEMPTY => Error::NOTEMPTY,
        Status::CHUNKLOST | Status::CSNOTPRESENT => Error::NXIO,
        Status::INDEXTOOBIG => Error::FBIG,
        Status::NOCHUNKSERVERS | Status::NOSPACE => Error::NOSPC,
        Status::NOTOPENED => Error::BADF,
        Status::IO => Error::IO,
        Status::EROFS => Error::ROFS,
        Status::QUOTA => Error::DQUOT,
        Status::ENOATTR => Error::NODATA,
        Status::ENOTSUP => Error::NOTSUP,
        Status::ERANGE => Error::RANGE,
        Status::EAGAIN => Error::AGAIN,
        Status::EINTR => Error::INTR,
        Status::ECANCELED => Error::CANCELED,
        _ => Error::INVAL,
    }
}

/// The errno for a status that ends a read or write (`spec/wire-client-master.md` 4.7).
pub(crate) fn io_errno(status: Status) -> Error {
    match status {
        Status::ENOENT | Status::EPERM | Status::NOCHUNK => Error::BADF,
        Status::INDEXTOOBIG => Error::INVAL,
        Status::QUOTA => Error::DQUOT,
        Status::EROFS => Error::ROFS,
        Status::NOSPACE | Status::NOCHUNKSERVERS => Error::NOSPC,
        Status::CHUNKLOST | Status::CSNOTPRESENT => Error::NXIO,
        _ => Error::IO,
    }
}
