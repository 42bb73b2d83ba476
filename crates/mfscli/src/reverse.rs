//! Names of addresses.

use std::ffi::CStr;
use std::net::Ipv4Addr;

/// The name of a host, as the system's resolver has it.
pub(crate) fn name(ip: Ipv4Addr) -> Option<String> {
    let address = libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: 0,
        sin_addr: libc::in_addr { s_addr: u32::from(ip).to_be() },
        sin_zero: [0; 8],
    };
    let mut name = [0_u8; libc::NI_MAXHOST as usize];
    // SAFETY: both pointers are to values of this function that live through the call, with their sizes.
    let failed = unsafe {
        libc::getnameinfo(
            (&raw const address).cast(),
            size_of::<libc::sockaddr_in>() as libc::socklen_t,
            name.as_mut_ptr().cast(),
            name.len() as libc::socklen_t,
            std::ptr::null_mut(),
            0,
            libc::NI_NAMEREQD,
        )
    };
    let name = CStr::from_bytes_until_nul(&name).ok().filter(|_| failed == 0)?;
    name.to_str().ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_and_none() {
        assert_eq!(super::name([127, 0, 0, 1].into()).as_deref(), Some("localhost"));
        assert_eq!(super::name([192, 0, 2, 1].into()), None, "an address for documentation");
    }
}
