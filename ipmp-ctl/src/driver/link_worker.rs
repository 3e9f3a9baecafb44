//! A task that brings the group interface to the wanted limits and carrier.
//!
//! Both need the lock of the network stack, which others may hold for long, and the loop must not wait for it. Only the
//! newest wish counts: what was overtaken is never carried out.

use tokio::{sync::watch, task::JoinHandle};

use crate::{
    engine::event::Limits,
    kernel::{group_link::GroupLink, neighbours},
};

/// What the group interface should be.
type Wish = Option<(Option<Limits>, bool)>;

/// The loop's end of the task. Dropping it ends the task.
pub struct LinkWorker {
    wish: watch::Sender<Wish>,
    task: JoinHandle<()>,
}

impl LinkWorker {
    /// Starts the task.
    pub fn start(handle: rtnetlink::Handle, link: GroupLink) -> Self {
        let (wish, mut wishes) = watch::channel(None);
        let task = tokio::spawn(async move {
            let mut was_running = true;
            while wishes.changed().await.is_ok() {
                let Some((limits, running)) = *wishes.borrow_and_update() else { continue };
                if let Some(limits) = limits
                    && let Err(error) = link.set_limits(&handle, limits).await
                {
                    tracing::warn!(group = link.name, "{error}");
                }
                if let Err(error) = link.set_running(&handle, running).await {
                    tracing::error!(group = link.name, "{error}");
                }
                // What was asked for meanwhile nobody heard, and the kernel waits before it asks again.
                if running
                    && !was_running
                    && let Err(error) = neighbours::ask_again(&handle, link.ifindex).await
                {
                    tracing::warn!(group = link.name, "{error}");
                }
                was_running = running;
            }
        });
        Self { wish, task }
    }

    /// Wishes for these limits and this carrier.
    pub fn set(&self, limits: Option<Limits>, running: bool) {
        self.wish.send_replace(Some((limits, running)));
    }
}

impl LinkWorker {
    /// Wishes for the same once more: somebody may have changed it by hand.
    pub fn again(&self) {
        self.wish.send_modify(|_| {});
    }
}

impl Drop for LinkWorker {
    fn drop(&mut self) {
        self.task.abort();
    }
}
