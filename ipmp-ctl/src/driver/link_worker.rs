//! A task that brings the group interface to the wanted limits and carrier.
//!
//! Both need the lock of the network stack, which others may hold for long, and the loop must not wait for it. Only the
//! newest wish counts: what was overtaken is never carried out.

use rtnetlink::Handle;
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    engine::event::Limits,
    kernel::{
        group_link::{GroupLink, GroupLinkError},
        neighbours,
        netlink::dump,
    },
};

/// What the group interface should be.
#[derive(Clone, Debug, Default)]
struct Wish {
    /// Which it is; `None` while there is none.
    link: Option<GroupLink>,
    /// Limits and carrier, once they are known.
    shape: Option<(Option<Limits>, bool)>,
}

/// The loop's end of the task. Dropping it ends the task.
pub struct LinkWorker {
    wish: watch::Sender<Wish>,
    task: JoinHandle<()>,
}

/// What the task has done.
struct Done {
    link: GroupLink,
    running: bool,
}

impl LinkWorker {
    /// Starts the task.
    pub fn start(handle: Handle, link: GroupLink) -> Self {
        let (wish, mut wishes) = watch::channel(Wish { link: Some(link), shape: None });
        let task = tokio::spawn(async move {
            let mut done = None;
            while wishes.changed().await.is_ok() {
                let wish = wishes.borrow_and_update().clone();
                let Wish { link: Some(link), shape: Some((limits, running)) } = wish else { continue };
                done = match bring(&handle, link, limits, running, done).await {
                    Ok(done) => Some(done),
                    Err((error, done)) => {
                        tracing::error!("{error}");
                        done
                    }
                };
            }
        });
        Self { wish, task }
    }

    /// Wishes for these limits and this carrier.
    pub fn set(&self, limits: Option<Limits>, running: bool) {
        self.wish.send_modify(|wish| wish.shape = Some((limits, running)));
    }

    /// The group interface is this one now; `None`: there is none.
    pub fn follow(&self, link: Option<GroupLink>) {
        self.wish.send_modify(|wish| wish.link = link);
    }

    /// Wishes for the same once more: somebody may have changed it by hand.
    pub fn again(&self) {
        self.wish.send_modify(|_| {});
    }

    /// Whether an end of the group interface is as it was last wished for, as far as its MTU tells; and `admin_up`, if it is
    /// the peer.
    pub fn is_content(&self, admin_up: Option<bool>, mtu: u32) -> bool {
        let wish = self.wish.borrow();
        let Some((limits, running)) = wish.shape.filter(|_| wish.link.is_some()) else { return true };
        admin_up.is_none_or(|up| up == running) && limits.is_none_or(|limits| limits.mtu == mtu)
    }
}

/// Brings the interface to what it should be. The error says what was not done, and comes with what was.
async fn bring(
    handle: &Handle,
    link: GroupLink,
    limits: Option<Limits>,
    running: bool,
    done: Option<Done>,
) -> Result<Done, (GroupLinkError, Option<Done>)> {
    let before = done.filter(|done| done.link == link);
    let snapshot = match dump(handle).await {
        Ok(snapshot) => snapshot,
        Err(error) => return Err((error.into(), before)),
    };
    let peer = snapshot.links.get(&link.peer_ifindex);
    if let (Some(peer), Some(before)) = (peer, &before)
        && peer.admin_up != before.running
    {
        let state = if peer.admin_up { "up" } else { "down" };
        tracing::warn!(group = link.name, "{} was set {state} by somebody: that is undone", peer.name);
    }
    if let Some(limits) = limits
        && let Err(error) = link.set_limits(handle, &snapshot, limits).await
    {
        tracing::warn!(group = link.name, "{error}");
    }
    if let Err(error) = link.set_running(handle, running).await {
        return Err((error, before));
    }
    // What was asked for meanwhile nobody heard, and the kernel waits before it asks again.
    if running
        && before.is_some_and(|before| !before.running)
        && let Err(error) = neighbours::ask_again(handle, link.ifindex).await
    {
        tracing::warn!(group = link.name, "{error}");
    }
    Ok(Done { link, running })
}

impl Drop for LinkWorker {
    fn drop(&mut self) {
        self.task.abort();
    }
}
