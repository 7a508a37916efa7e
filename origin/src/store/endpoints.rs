//! The merchant's webhook endpoints, with their secrets.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use engine::{Endpoint, EndpointSecret, EndpointState, Endpoints};
use libsql::params;

use super::WriteStore;
use super::sqlite::{Db, Statement};

pub(super) struct EndpointWriter {
    put: Statement,
    remove: Statement,
}

impl EndpointWriter {
    pub(super) fn prepare(db: &Db) -> Result<Self> {
        Ok(Self {
            put: db.prepare("INSERT OR REPLACE INTO webhook_endpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?,
            remove: db.prepare("DELETE FROM webhook_endpoints WHERE number = ?")?,
        })
    }

    /// Writes endpoints as they stand after the batch; `None` stands for one that was removed.
    pub(super) fn record(&self, changed: &BTreeMap<u8, Option<Endpoint<EndpointSecret>>>) -> Result<()> {
        for (number, endpoint) in changed {
            let Some(endpoint) = endpoint else {
                self.remove.execute([i64::from(*number)])?;
                continue;
            };
            self.put.execute(params![
                i64::from(*number),
                endpoint.url.as_str(),
                endpoint.events.join(" "),
                endpoint.personal,
                state_code(endpoint.state),
                endpoint.secret.0.clone(),
                endpoint.old_secret.as_ref().map(|secret| secret.0.clone()),
                endpoint.added,
                endpoint.since
            ])?;
        }
        Ok(())
    }
}

impl WriteStore {
    pub(crate) fn load_endpoints(&self) -> Result<Endpoints> {
        all(&self.db)
    }
}

pub(super) fn all(db: &Db) -> Result<Endpoints> {
    let select = db.prepare(
        "SELECT number, url, events, personal, state, secret, old_secret, added, since
         FROM webhook_endpoints ORDER BY number",
    )?;
    let endpoints = select.rows((), |row| {
        let number = u8::try_from(row.get::<i64>(0)?).context("the number of an endpoint is out of range")?;
        let endpoint = Endpoint {
            url: row.get(1)?,
            events: row.get::<String>(2)?.split(' ').map(str::to_owned).collect(),
            personal: flag(row.get(3)?)?,
            state: state_of(row.get(4)?)?,
            secret: EndpointSecret(row.get(5)?),
            old_secret: row.get::<Option<Vec<u8>>>(6)?.map(EndpointSecret),
            added: row.get(7)?,
            since: row.get(8)?,
        };
        Ok((number, endpoint))
    })?;
    Ok(endpoints.into_iter().collect())
}

/// Only these two are written.
fn flag(code: i64) -> Result<bool> {
    ensure!((0..=1).contains(&code), "a flag of an endpoint is {code}");
    Ok(code == 1)
}

fn state_code(state: EndpointState) -> i64 {
    match state {
        EndpointState::Enabled => 0,
        EndpointState::DisabledByOperator => 1,
        EndpointState::Gone => 2,
    }
}

fn state_of(code: i64) -> Result<EndpointState> {
    Ok(match code {
        0 => EndpointState::Enabled,
        1 => EndpointState::DisabledByOperator,
        2 => EndpointState::Gone,
        _ => bail!("an endpoint has the unknown state {code}"),
    })
}
