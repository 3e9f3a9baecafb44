use super::*;

const SOURCE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 21));

#[test]
fn a_socket_is_asked_for_once_and_again_a_second_after_a_refusal() {
    let now = Instant::now();
    let mut socket = Socket::default();
    assert!(!socket.want(None, now), "nobody wants one");
    assert_eq!(socket.ask(now), None);
    assert!(socket.want(Some((3, SOURCE)), now));
    assert!(!socket.want(Some((3, SOURCE)), now));
    assert_eq!((socket.ask(now), socket.ask(now)), (Some(Question::Open(SOURCE)), None));
    assert!(socket.is_enabled() && !socket.is_open(), "nobody has refused it yet");
    socket.answered(None, now);
    assert!(!socket.is_enabled());
    assert_eq!((socket.ask(now), socket.ask_at()), (None, Some(now + AGAIN)));
    assert_eq!(socket.ask(now + AGAIN), Some(Question::Open(SOURCE)));
    socket.answered(Some(SOURCE), now + AGAIN);
    assert!(socket.is_enabled() && socket.is_open());
    assert_eq!(socket.ask_at(), None);
}

#[test]
fn another_interface_or_address_is_another_socket() {
    let now = Instant::now();
    let mut socket = Socket::default();
    socket.want(Some((3, SOURCE)), now);
    socket.answered(Some(SOURCE), now);
    assert!(socket.want(Some((4, SOURCE)), now));
    assert!(!socket.is_open());
    socket.answered(Some("192.0.2.99".parse().unwrap()), now);
    assert!(!socket.is_open(), "an answer to an earlier question");
    assert!(socket.want(None, now));
    assert_eq!(socket.ask(now), Some(Question::Close));
    assert!(!socket.is_enabled());
}
