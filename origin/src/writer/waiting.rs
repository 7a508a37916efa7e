use engine::{Reply, Request};
use tokio::sync::oneshot;

/// A request in its lane.
pub(super) struct Waiting {
    /// Boxed, because it moves through a lane and a batch.
    pub(super) request: Box<Request>,
    pub(super) reply_to: oneshot::Sender<Reply>,
}

/// A reply with its receiver. It leaves the writer only after its batch is on disk.
pub(super) struct Answered {
    pub(super) reply: Reply,
    pub(super) reply_to: oneshot::Sender<Reply>,
}

impl Answered {
    /// The caller may have gone: what it asked for is on disk all the same.
    pub(super) fn send(self) {
        drop(self.reply_to.send(self.reply));
    }
}
