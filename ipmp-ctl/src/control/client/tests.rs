use std::{
    io::{BufRead as _, BufReader},
    os::unix::net::UnixListener,
    sync::atomic::{AtomicU32, Ordering},
    thread::{self, JoinHandle},
};

use super::*;
use crate::control::protocol::Status;

/// A socket path of its own, removed in the end.
struct TestSocket(PathBuf);

impl TestSocket {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("ipmp-client-{}-{number}.sock", std::process::id())))
    }

    /// Serves one connection: `serve` gets the request line and the connection.
    fn serve(&self, serve: impl FnOnce(String, UnixStream) + Send + 'static) -> JoinHandle<()> {
        let listener = UnixListener::bind(&self.0).unwrap();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut request = String::new();
            BufReader::new(&stream).read_line(&mut request).unwrap();
            serve(request, stream);
        })
    }
}

impl Drop for TestSocket {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// What `ask` makes of a daemon that answers with these bytes and hangs up.
fn asked(answer: &'static [u8]) -> Result<Reply, ClientError> {
    let socket = TestSocket::new();
    let server = socket.serve(move |_, mut stream| stream.write_all(answer).unwrap());
    let outcome = ask(&socket.0, &Request::Status);
    server.join().unwrap();
    outcome
}

#[test]
fn one_line_goes_out_and_one_comes_back() {
    let socket = TestSocket::new();
    let server = socket.serve(|request, mut stream| {
        assert_eq!(request, "{\"request\":\"down\",\"group\":\"ipmp0\"}\n");
        // In pieces, as sockets do.
        for piece in ["{\"reply\":\"refu", "sed\",\"reason\":\"only root", " may\"}\n"] {
            stream.write_all(piece.as_bytes()).unwrap();
        }
    });
    let reply = ask(&socket.0, &Request::Down { group: "ipmp0".to_owned() }).unwrap();
    server.join().unwrap();
    assert_eq!(reply, Reply::Refused { reason: "only root may".to_owned() });
}

#[test]
fn a_long_answer_is_read_whole() {
    let socket = TestSocket::new();
    let reason = "x".repeat(300_000);
    let answer = serde_json::to_string(&Reply::Refused { reason: reason.clone() }).unwrap() + "\n";
    let server = socket.serve(move |_, mut stream| stream.write_all(answer.as_bytes()).unwrap());
    assert_eq!(ask(&socket.0, &Request::Status).unwrap(), Reply::Refused { reason });
    server.join().unwrap();
}

#[test]
fn nobody_there_is_said_so() {
    let absent = TestSocket::new();
    let stale = TestSocket::new();
    drop(UnixListener::bind(&stale.0).unwrap());
    for socket in [&absent.0, &stale.0] {
        let error = ask(socket, &Request::Status).unwrap_err();
        assert!(matches!(error, ClientError::NotRunning { .. }), "{error:?}");
        let expected = format!("cannot contact the daemon at {}: is it running?", socket.display());
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_path_that_is_no_socket_is_not_taken_for_a_daemon_that_does_not_run() {
    let error = ask(Path::new("/dev/null/socket"), &Request::Status).unwrap_err();
    assert!(matches!(error, ClientError::Socket { .. }), "{error:?}");
}

#[test]
fn an_answer_that_is_not_understood_hints_at_versions() {
    for answer in [&b"hello\n"[..], b"{\"reply\":\"from-the-future\"}\n", b"\n"] {
        let error = asked(answer).unwrap_err();
        assert!(matches!(error, ClientError::BadReply { .. }), "{error:?}");
        assert!(error.to_string().ends_with("are both of the same version?"), "{error}");
    }
}

#[test]
fn an_answer_that_is_cut_off_is_none() {
    for answer in [&b""[..], b"{\"reply\":\"done\"}"] {
        let error = asked(answer).unwrap_err();
        assert!(matches!(error, ClientError::NoReply { .. }), "{error:?}");
    }
    assert_eq!(asked(b"{\"reply\":\"done\"}\n").unwrap(), Reply::Done);
    let empty = Reply::Status(Status::default());
    assert_eq!(asked(b"{\"reply\":\"status\",\"groups\":[]}\n").unwrap(), empty);
}

#[test]
fn patience_ends_though_the_daemon_dribbles() {
    let socket = TestSocket::new();
    let server = socket.serve(|_, mut stream| {
        // Until the client hangs up.
        while stream.write_all(b" ").is_ok() {
            thread::yield_now();
        }
    });
    let outcome = ask_within(&socket.0, &Request::Status, Duration::from_millis(50));
    server.join().unwrap();
    assert!(matches!(outcome, Err(ClientError::Timeout { .. })), "{outcome:?}");
}

#[test]
fn patience_ends_though_the_daemon_is_silent() {
    let socket = TestSocket::new();
    let server = socket.serve(|_, stream| {
        // Returns when the client hangs up.
        let _ = (&stream).read(&mut [0]);
    });
    let outcome = ask_within(&socket.0, &Request::Status, Duration::from_millis(50));
    server.join().unwrap();
    assert!(matches!(outcome, Err(ClientError::Timeout { .. })), "{outcome:?}");
}
