//! Tells the parts that they should end.

use tokio::sync::watch;

/// Held by each part that runs until the process stops.
#[derive(Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

/// Held by whoever stops them all.
pub(crate) struct Stopper(watch::Sender<bool>);

pub(crate) fn channel() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    pub(crate) fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    pub(crate) async fn requested(&mut self) {
        // An error means that the stopper is gone, and with it the reason to go on.
        drop(self.0.wait_for(|stop| *stop).await);
    }
}
