//! Echo requests.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use socket2::{Domain, Protocol, Socket, Type};

use crate::{
    Netns,
    eventually::{SOON, eventually},
    packet_socket::spare,
};

/// An echo request to be sent.
#[derive(Clone, Debug)]
pub struct Ping {
    target: IpAddr,
    source: Option<IpAddr>,
    interface: Option<String>,
    size: usize,
    may_fragment: bool,
}

/// How long one request waits for its answer.
const WAIT: Duration = Duration::from_millis(500);

impl Ping {
    /// To `target`, with 56 bytes of data, not to be fragmented.
    pub fn to(target: IpAddr) -> Self {
        Self { target, source: None, interface: None, size: 56, may_fragment: false }
    }

    /// With this source address.
    #[must_use]
    pub fn from(mut self, source: IpAddr) -> Self {
        self.source = Some(source);
        self
    }

    /// By this interface only (`SO_BINDTODEVICE`); link-local targets need it.
    #[must_use]
    pub fn by(mut self, interface: &str) -> Self {
        self.interface = Some(interface.to_owned());
        self
    }

    /// With this many bytes of data.
    #[must_use]
    pub fn size(mut self, size: usize) -> Self {
        self.size = size;
        self
    }

    /// In fragments if need be.
    #[must_use]
    pub fn fragmented(mut self) -> Self {
        self.may_fragment = true;
        self
    }

    /// Sends one request from `netns`, and says how many answers came to it within half a second.
    pub fn answers(&self, netns: &Netns) -> Result<usize, String> {
        netns
            .run(|| self.exchange())
            .map_err(|error| format!("ping {} from {}: {error}", self.target, netns.name()))
    }

    /// Sends a request and says whether it was answered.
    pub fn is_answered(&self, netns: &Netns) -> bool {
        self.answers(netns).is_ok_and(|answers| answers > 0)
    }

    /// Sends requests until one is answered.
    pub fn until_answered(&self, netns: &Netns) {
        eventually(&format!("{self:?} from {}", netns.name()), SOON, || match self.answers(netns) {
            Ok(0) => Err("no answer".to_owned()),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        });
    }

    fn exchange(&self) -> std::io::Result<usize> {
        let v4 = self.target.is_ipv4();
        let (domain, protocol) =
            if v4 { (Domain::IPV4, Protocol::ICMPV4) } else { (Domain::IPV6, Protocol::ICMPV6) };
        let socket = Socket::new(domain, Type::RAW, Some(protocol))?;
        if let Some(interface) = &self.interface {
            socket.bind_device(Some(interface.as_bytes()))?;
        }
        if let Some(source) = self.source {
            socket.bind(&SocketAddr::new(source, 0).into())?;
        }
        self.set_fragmentation(&socket)?;
        let cookie = cookie();
        let mut request = vec![if v4 { 8 } else { 128 }, 0, 0, 0];
        request.extend(cookie);
        request.extend((0..self.size).map(|index| index as u8));
        if v4 {
            let sum = internet_checksum(&request);
            request[2..4].copy_from_slice(&sum.to_be_bytes());
        }
        socket.send_to(&request, &SocketAddr::new(self.target, 0).into())?;
        let deadline = Instant::now() + WAIT;
        let mut answers = 0;
        let mut buffer = vec![0; 1 << 16];
        loop {
            // After the first answer a short look for a second one: a doubled packet comes at once.
            let wait = if answers > 0 { Duration::from_millis(5) } else { deadline - Instant::now() };
            socket.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
            match socket.recv_from(spare(&mut buffer)) {
                Ok((size, _)) => {
                    let message = if v4 { &buffer[20.min(size)..size] } else { &buffer[..size] };
                    let kind = if v4 { 0 } else { 129 };
                    if message.first() == Some(&kind) && message.get(4..) == Some(&request[4..]) {
                        answers += 1;
                    }
                }
                Err(_) => return Ok(answers),
            }
            if Instant::now() >= deadline {
                return Ok(answers);
            }
        }
    }

    fn set_fragmentation(&self, socket: &Socket) -> std::io::Result<()> {
        use std::os::fd::AsRawFd;
        let (level, option, never) = if self.target.is_ipv4() {
            (libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, libc::IP_PMTUDISC_DO)
        } else {
            (libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER, libc::IPV6_PMTUDISC_DO)
        };
        let value = if self.may_fragment { libc::IP_PMTUDISC_DONT } else { never };
        // SAFETY: the option takes an int, whose address and size are given.
        let result = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                level,
                option,
                std::ptr::from_ref(&value).cast(),
                size_of_val(&value) as libc::socklen_t,
            )
        };
        if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
    }
}

/// Identifier and sequence number of one request, unlike those of any other running one.
fn cookie() -> [u8; 4] {
    use std::sync::atomic::{AtomicU16, Ordering};
    static SEQUENCE: AtomicU16 = AtomicU16::new(0);
    let [a, b] = (std::process::id() as u16).to_be_bytes();
    let [c, d] = SEQUENCE.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    [a, b, c, d]
}

fn internet_checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)])))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
