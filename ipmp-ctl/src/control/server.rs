//! The daemon's end of the control socket.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::Serialize;
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream, unix::OwnedWriteHalf},
    sync::{Semaphore, mpsc, oneshot},
    task::JoinHandle,
};

use super::{
    access::{self, Peer},
    protocol::{Event, ProbeLine, Reply, Request},
};
use crate::{
    journal::Asker,
    kernel::{
        lock,
        socket_file::{self, Found},
    },
};

/// Longest request in bytes.
const LONGEST: u64 = 64 * 1024;

/// Clients served at once; those that say nothing keep their place for [`PATIENCE`].
const CLIENTS: usize = 256;

/// A client that says nothing for this long is dropped.
const PATIENCE: Duration = Duration::from_secs(3);

/// A request on its way to the loop.
pub struct Asked {
    /// What is asked.
    pub request: Request,
    /// Who asks; `None` if the kernel does not tell.
    pub by: Option<Asker>,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Answer>,
}

/// What the loop answers.
#[derive(Debug)]
pub enum Answer {
    /// One line.
    Reply(Reply),
    /// Lines until the client goes away.
    Probes(mpsc::Receiver<ProbeLine>),
    /// What happened, and then, if that is wanted, what happens until the client goes away.
    Events(Vec<Event>, Option<mpsc::Receiver<Event>>),
}

/// Why the daemon cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Another daemon listens there.
    #[error("{}: another daemon answers there; stop it, or give this one a socket of its own with --socket", path.display())]
    Taken {
        /// The socket.
        path: PathBuf,
    },
    /// Something that is no socket lies there.
    #[error("{}: exists and is not a socket; remove it, or choose another with --socket", path.display())]
    NotSocket {
        /// The file.
        path: PathBuf,
    },
    /// Anything else.
    #[error("{}: {what}: {source}", path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the kernel says.
        source: io::Error,
    },
}

/// The listening socket. Its file is removed on drop.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    task: JoinHandle<()>,
    /// Held while this daemon listens: two that start at once must not both find the file stale.
    _lock: File,
}

impl Server {
    /// Listens at `path`, replacing the file of a daemon that is gone. Requests arrive at `asked`.
    pub fn listen(path: &Path, asked: mpsc::Sender<Asked>) -> Result<Self, ServerError> {
        let failed = |what| move |source| ServerError::Io { path: path.to_owned(), what, source };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed("making its directory"))?;
        }
        let lock = lock(path)?;
        clear_stale(path)?;
        let listener = UnixListener::bind(path).map_err(failed("listening"))?;
        // Anyone may ask; what he may ask for is checked by his credentials.
        fs::set_permissions(path, fs::Permissions::from_mode(0o666)).map_err(failed("setting its mode"))?;
        // The unit makes it so from the start; a daemon that is started by hand does what it may.
        if let Err(error) = std::os::unix::fs::chown(path, None, access::group_id()) {
            tracing::debug!("giving {} to the group {}: {error}", path.display(), access::GROUP);
        }
        let task = tokio::spawn(async move {
            let places = Arc::new(Semaphore::new(CLIENTS));
            // The semaphore is never closed. Whoever finds no place waits in the kernel's queue.
            while let Ok(place) = Arc::clone(&places).acquire_owned().await {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let asked = asked.clone();
                        tokio::spawn(async move {
                            serve(stream, asked).await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        // Out of descriptors, most likely: it passes.
                        tracing::warn!("accepting on the control socket: {error}");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        });
        Ok(Self { path: path.to_owned(), task, _lock: lock })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
        drop(fs::remove_file(&self.path));
    }
}

/// Takes the socket for this process, by a file beside it that stays.
fn lock(path: &Path) -> Result<File, ServerError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let beside = PathBuf::from(beside);
    let failed = |what| move |source| ServerError::Io { path: path.to_owned(), what, source };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .custom_flags(libc::O_NOFOLLOW)
        .open(&beside)
        .map_err(failed("opening the lock file beside it"))?;
    if !lock::take(&file).map_err(failed("locking the file beside it"))? {
        return Err(ServerError::Taken { path: path.to_owned() });
    }
    Ok(file)
}

fn clear_stale(path: &Path) -> Result<(), ServerError> {
    match socket_file::clear(path) {
        Ok(Found::Free) => Ok(()),
        Ok(Found::Taken) => Err(ServerError::Taken { path: path.to_owned() }),
        Ok(Found::Other) => Err(ServerError::NotSocket { path: path.to_owned() }),
        Err(source) => Err(ServerError::Io {
            path: path.to_owned(),
            what: "removing the socket of a daemon that is gone",
            source,
        }),
    }
}

async fn serve(stream: UnixStream, asked: mpsc::Sender<Asked>) {
    let credentials = stream.peer_cred().ok();
    let by = credentials.map(|peer| Asker { uid: peer.uid(), pid: peer.pid() });
    let peer = credentials.map(|peer| Peer::new(peer.uid(), peer.gid(), &stream));
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut read = BufReader::new(read.take(LONGEST));
    let Ok(Ok(_)) = tokio::time::timeout(PATIENCE, read.read_line(&mut line)).await else { return };
    match answer(&line, by, peer.as_ref(), &asked).await {
        // A client that has gone away needs no reply.
        Answer::Reply(reply) => drop(write_line(&mut write, &reply).await),
        Answer::Probes(lines) => pass_on(lines, &mut read, &mut write).await,
        Answer::Events(past, live) => {
            for chunk in past.chunks(64) {
                if write_lines(&mut write, chunk).await.is_err() {
                    return;
                }
            }
            if let Some(live) = live {
                pass_on(live, &mut read, &mut write).await;
            }
        }
    }
}

/// Writes what comes, a line each, until nothing more does or the client goes away.
async fn pass_on(
    mut lines: mpsc::Receiver<impl Serialize>,
    read: &mut (impl AsyncBufRead + Unpin),
    write: &mut OwnedWriteHalf,
) {
    let mut more = String::new();
    loop {
        tokio::select! {
            line = lines.recv() => {
                let Some(line) = line else { return };
                if write_line(write, &line).await.is_err() {
                    return;
                }
            }
            // The client says nothing more; it closes.
            _ = read.read_line(&mut more) => return,
        }
    }
}

async fn write_line(write: &mut OwnedWriteHalf, value: &impl Serialize) -> io::Result<()> {
    write_lines(write, std::slice::from_ref(value)).await
}

async fn write_lines(write: &mut OwnedWriteHalf, values: &[impl Serialize]) -> io::Result<()> {
    let mut text = String::new();
    for value in values {
        text += &serde_json::to_string(value)?;
        text.push('\n');
    }
    tokio::time::timeout(PATIENCE, write.write_all(text.as_bytes())).await?
}

async fn answer(line: &str, by: Option<Asker>, peer: Option<&Peer>, asked: &mpsc::Sender<Asked>) -> Answer {
    let refused = |reason: String| Answer::Reply(Reply::Refused { reason });
    let request: Request = match serde_json::from_str(line) {
        Ok(request) => request,
        Err(error) => {
            return refused(format!(
                "the daemon does not understand the request ({error}): are ipmp-ctl and the daemon of one version?"
            ));
        }
    };
    if let Some(reason) = access::refusal(&request, peer) {
        return refused(reason);
    }
    let (reply, answered) = oneshot::channel();
    let ending = || refused("the daemon is ending".to_owned());
    if asked.send(Asked { request, by, reply }).await.is_err() {
        return ending();
    }
    answered.await.unwrap_or_else(|_| ending())
}
