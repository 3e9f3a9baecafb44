//! The listener: `GET /metrics`, by HTTP, on a TCP port or a Unix socket.

use std::{convert::Infallible, fs, io, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    sync::{Semaphore, mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

use super::exposition::{self, Format};
use crate::{
    config::MetricsListener,
    control::{
        protocol::{Reply, Request as Question},
        server::{Answer, Asked},
    },
    kernel::socket_file::{self, Found},
};

/// Scrapers served at once; more wait in the kernel's queue.
const SCRAPERS: usize = 16;

/// A scraper that takes longer than this for one request is dropped.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the daemon cannot serve metrics.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// It cannot listen there.
    #[error("`metrics` {at}: listening: {source}; choose another address or stop what listens there")]
    Listen {
        /// Where.
        at: MetricsListener,
        /// What the kernel says.
        source: io::Error,
    },
    /// Something that is no socket lies there.
    #[error("`metrics` {}: exists and is not a socket; remove it, or choose another path", path.display())]
    NotSocket {
        /// The file.
        path: PathBuf,
    },
}

/// The listener. Dropping it ends it, and removes the file of a Unix socket.
#[derive(Debug)]
pub struct MetricsServer {
    task: JoinHandle<()>,
    path: Option<PathBuf>,
}

impl MetricsServer {
    /// Listens at `at`; each scrape asks the loop by `asked`.
    pub async fn listen(at: &MetricsListener, asked: mpsc::Sender<Asked>) -> Result<Self, MetricsError> {
        let failed = |source| MetricsError::Listen { at: at.clone(), source };
        let places = Arc::new(Semaphore::new(SCRAPERS));
        let (task, path) = match at {
            MetricsListener::Tcp(address) => {
                let listener = TcpListener::bind(address).await.map_err(failed)?;
                let accept = async move || Ok(listener.accept().await?.0);
                (tokio::spawn(serve(accept, places, asked)), None)
            }
            MetricsListener::Unix(path) => {
                // Of one that is taken, or cannot be removed, listening says so.
                if let Ok(Found::Other) = socket_file::clear(path) {
                    return Err(MetricsError::NotSocket { path: path.clone() });
                }
                let listener = UnixListener::bind(path).map_err(failed)?;
                let accept = async move || Ok(listener.accept().await?.0);
                (tokio::spawn(serve(accept, places, asked)), Some(path.clone()))
            }
        };
        Ok(Self { task, path })
    }

    /// Ends it; the place is free afterwards.
    pub async fn close(mut self) {
        self.task.abort();
        // That it was aborted is what it says.
        drop((&mut self.task).await);
    }
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(path) = &self.path {
            drop(fs::remove_file(path));
        }
    }
}

/// Serves whoever `accept` lets in.
async fn serve<S>(accept: impl AsyncFn() -> io::Result<S>, places: Arc<Semaphore>, asked: mpsc::Sender<Asked>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // The semaphore is never closed.
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let stream = match accept().await {
            Ok(stream) => stream,
            Err(error) => {
                // Out of descriptors, most likely: it passes.
                tracing::warn!("accepting a scraper of metrics: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let asked = asked.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &asked));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            if let Ok(Err(error)) = timeout(PATIENCE, connection).await {
                tracing::debug!("a scraper of metrics: {error}");
            }
            drop(place);
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    asked: &mpsc::Sender<Asked>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let plain = |status, text: &'static str| respond(status, "text/plain; charset=utf-8", text.to_owned());
    if request.uri().path() != "/metrics" {
        return Ok(plain(StatusCode::NOT_FOUND, "metrics are at /metrics\n"));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refusal = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Ok(refusal);
    }
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let format = Format::accepted(accept.unwrap_or_default());
    Ok(match scrape(asked, format).await {
        Some(text) => respond(StatusCode::OK, format.content_type(), text),
        None => plain(StatusCode::SERVICE_UNAVAILABLE, "the daemon is ending\n"),
    })
}

fn respond(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The metrics of this moment; `None` if the loop does not answer any more.
async fn scrape(asked: &mpsc::Sender<Asked>, format: Format) -> Option<String> {
    let (reply, answered) = oneshot::channel();
    asked.send(Asked { request: Question::Figures, by: None, reply }).await.ok()?;
    match answered.await.ok()? {
        Answer::Reply(Reply::Figures(figures)) => exposition::text(*figures, format).ok(),
        _ => None,
    }
}
