//! Serving metrics where the configuration says, also when that changes.

use tokio::sync::mpsc;

use super::listener::{MetricsError, MetricsServer};
use crate::{config::MetricsListener, control::server::Asked};

/// The listener, if there is one.
#[derive(Debug)]
pub struct MetricsService {
    asked: mpsc::Sender<Asked>,
    server: Option<(MetricsListener, MetricsServer)>,
}

impl MetricsService {
    /// Listens there, if anywhere; each scrape asks the loop by `asked`.
    pub async fn start(
        at: Option<&MetricsListener>,
        asked: mpsc::Sender<Asked>,
    ) -> Result<Self, MetricsError> {
        let mut service = Self { asked, server: None };
        service.change(at).await?;
        Ok(service)
    }

    /// Listens there from now on, if anywhere; whether that is news. After an error it is as it was.
    pub async fn change(&mut self, at: Option<&MetricsListener>) -> Result<bool, MetricsError> {
        if self.server.as_ref().map(|(at, _)| at) == at {
            return Ok(false);
        }
        // Closed first: the new place may include the old one.
        let before = match self.server.take() {
            Some((before, server)) => {
                server.close().await;
                Some(before)
            }
            None => None,
        };
        let Some(at) = at else { return Ok(true) };
        match self.listen(at).await {
            Ok(()) => Ok(true),
            Err(error) => {
                if let Some(before) = before
                    && let Err(again) = self.listen(&before).await
                {
                    tracing::error!("{again}; metrics are served nowhere now");
                }
                Err(error)
            }
        }
    }

    async fn listen(&mut self, at: &MetricsListener) -> Result<(), MetricsError> {
        let server = MetricsServer::listen(at, self.asked.clone()).await?;
        self.server = Some((at.clone(), server));
        Ok(())
    }
}
