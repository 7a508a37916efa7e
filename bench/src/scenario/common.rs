//! Options of every scenario.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::machine;
use crate::payos_stand_in;
use crate::process::Cores;
use crate::report::Report;
use crate::servers::Servers;

#[derive(Args)]
pub(crate) struct Common {
    #[arg(long, default_value_t = 128)]
    pub(super) connections: usize,
    /// Cores of the measured servers, such as 0 or 0-1; all by default.
    #[arg(long, value_name = "CORES")]
    pin: Option<Cores>,
    /// Cores of the load generator; all by default.
    #[arg(long, value_name = "CORES")]
    pin_generator: Option<Cores>,
    /// Where the result goes; target/bench/SCENARIO.json by default.
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
}

impl Common {
    /// Starts the PayOS stand-in and binds this process to its cores. Measured servers are bound as they start.
    pub(super) fn start_servers(&self) -> Result<Servers> {
        self.start_servers_with(payos_stand_in::DELAY)
    }

    /// The same, with a PayOS whose calls take another time.
    pub(super) fn start_servers_with(&self, payos_delay: Duration) -> Result<Servers> {
        machine::raise_file_limit()?;
        let all = Cores::allowed()?;
        let servers = Servers::start(&all, self.pin.clone().unwrap_or_else(|| all.clone()), payos_delay)?;
        if let Some(cores) = &self.pin_generator {
            cores.bind()?;
        }
        Ok(servers)
    }

    pub(super) fn report(
        &self,
        scenario: &'static str,
        columns: &'static [&'static str],
        mut options: Value,
    ) -> Report {
        let cores = |cores: &Option<Cores>| cores.as_ref().map(|cores| json!(cores.list()));
        options["connections"] = json!(self.connections);
        options["pin"] = json!(cores(&self.pin));
        options["pin_generator"] = json!(cores(&self.pin_generator));
        Report::new(scenario, options, columns)
    }
}
