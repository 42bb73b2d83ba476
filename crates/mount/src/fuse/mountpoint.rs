//! Mounting: `/dev/fuse` and mount(2) for root, `fusermount3` for everybody else.

use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketFlags, SocketType,
};
use std::ffi::CString;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::path::Path;
use std::process::Command;
use thiserror::Error;

/// Why a mount failed, in words for the one who typed the command.
#[derive(Debug, Error)]
pub(crate) enum MountError {
    #[error("cannot open /dev/fuse: {error}{}", fuse_hint(.error))]
    NoDevice { error: Errno },
    #[error("cannot mount on '{at}': {error}{}", mount_hint(.error))]
    Mount { at: String, error: Errno },
    #[error(
        "only root can mount by itself, and the helper fusermount3 failed: {0} (install fuse3, or run as root)"
    )]
    Helper(String),
}

fn fuse_hint(error: &Errno) -> &'static str {
    match *error {
        Errno::NOENT | Errno::NODEV => {
            " (load the kernel module with `modprobe fuse`; in a container add --device /dev/fuse)"
        }
        Errno::PERM | Errno::ACCESS => {
            " (run as root; in a container add --device /dev/fuse --cap-add SYS_ADMIN)"
        }
        _ => "",
    }
}

fn mount_hint(error: &Errno) -> &'static str {
    match *error {
        Errno::PERM => " (mounting needs CAP_SYS_ADMIN: run as root; in a container add --cap-add SYS_ADMIN)",
        _ => "",
    }
}

/// Mounts on `at`. `source` is shown in the mount table, `options` are kernel options such as `allow_other`.
pub(crate) fn mount(
    at: &Path,
    source: &str,
    flags: MountFlags,
    options: &[&str],
) -> Result<OwnedFd, MountError> {
    if !rustix::process::geteuid().is_root() {
        return helper_mount(at, source, flags, options);
    }
    let fd = rustix::fs::open("/dev/fuse", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
        .map_err(|error| MountError::NoDevice { error })?;
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    let mut data =
        format!("fd={},rootmode=40000,user_id={},group_id={}", fd.as_raw_fd(), uid.as_raw(), gid.as_raw());
    for option in options {
        data.push(',');
        data.push_str(option);
    }
    let error = |error| MountError::Mount { at: at.display().to_string(), error };
    let data = CString::new(data).map_err(|_| error(Errno::INVAL))?;
    rustix::mount::mount(source, at, "fuse", flags, Some(data.as_c_str())).map_err(error)?;
    Ok(fd)
}

/// Asks the setuid helper, which sends the device over a socket.
fn helper_mount(at: &Path, source: &str, flags: MountFlags, options: &[&str]) -> Result<OwnedFd, MountError> {
    let failed = |error: &dyn std::fmt::Display| MountError::Helper(error.to_string());
    let (ours, theirs) =
        rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::empty(), None)
            .map_err(|e| failed(&e))?;
    rustix::io::fcntl_setfd(&ours, rustix::io::FdFlags::CLOEXEC).map_err(|e| failed(&e))?;
    let mut list = format!("fsname={source}");
    if flags.contains(MountFlags::RDONLY) {
        list.push_str(",ro");
    }
    for option in options {
        list.push(',');
        list.push_str(option);
    }
    let output = Command::new("fusermount3")
        .args(["-o", &list, "--"])
        .arg(at)
        .env("_FUSE_COMMFD", theirs.as_raw_fd().to_string())
        .output()
        .map_err(|e| failed(&e))?;
    drop(theirs);
    if !output.status.success() {
        return Err(failed(&String::from_utf8_lossy(&output.stderr).trim()));
    }
    receive_fd(&ours).map_err(|e| failed(&e))
}

fn receive_fd(socket: &OwnedFd) -> io::Result<OwnedFd> {
    let mut byte = [0];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    rustix::net::recvmsg(
        socket.as_fd(),
        &mut [IoSliceMut::new(&mut byte)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(mut fds) = message
            && let Some(fd) = fds.next()
        {
            return Ok(fd);
        }
    }
    Err(io::Error::other("it sent no device"))
}

/// Takes the mount out of the tree at once; what still uses it goes on until it lets go.
pub(crate) fn unmount_lazily(at: &Path) {
    if rustix::mount::unmount(at, UnmountFlags::DETACH).is_err() {
        // Without privileges only the helper may.
        let _ = Command::new("fusermount3").args(["-u", "-q", "-z", "--"]).arg(at).output();
    }
}
