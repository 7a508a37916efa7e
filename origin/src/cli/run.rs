use std::future::Future;

use anyhow::{Context, Result};
use rustix::fs::Mode;
use rustix::process::umask;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::clock::Clock;
use crate::config::ServeConfig;
use crate::serve::{self, Listeners};
use crate::store::{FolderLock, require_private};
use crate::telemetry;

pub(super) fn serve() -> Result<()> {
    // What the database holds of buyers is for this user alone.
    umask(Mode::RWXG | Mode::RWXO);
    let clock = Clock::system();
    let repeated_lines = telemetry::start(clock.clone());
    edge_protocol::install_crypto();
    let config = ServeConfig::from_env()?;
    #[cfg(feature = "failpoints")]
    if let Some(failpoint) = crate::config::failpoint()? {
        crate::failpoint::arm(failpoint);
    }
    require_private(&config.data)?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let runtime = runtime(cores)?;
    let result = runtime.block_on(async {
        let lock = FolderLock::take(&config.data)?;
        let listeners = Listeners::bind(&config).await?;
        serve::serve(config, lock, clock, listeners, repeated_lines, cores, shutdown()?).await
    });
    // Connections that wait for a writer that failed must close unanswered, not be waited for.
    runtime.shutdown_background();
    result
}

/// The writer's own thread keeps one core busy at peak. With two cores one runtime thread beside it serves more than
/// two that take turns with it (measured); beyond that every further core serves.
fn runtime(cores: usize) -> Result<Runtime> {
    let mut builder = if cores <= 2 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    if cores > 2 {
        builder.worker_threads(cores - 1);
    }
    builder.enable_all().build().context("cannot start the runtime")
}

fn shutdown() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

pub(super) fn blocking(command: impl Future<Output = Result<()>>) -> Result<()> {
    edge_protocol::install_crypto();
    let runtime = Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(command)
}
