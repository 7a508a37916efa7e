use anyhow::{Result, bail};
use clap::{Subcommand, ValueEnum};
use domain::Jti;
use edge_protocol::limits::OPERATOR_NAME_CHARS_MAX;
use edge_protocol::{AdminClaims, Role, is_operator_name, mint_admin};
use reqwest::Method;

use super::admin_client::{AdminClient, random_jti};
use crate::clock::Clock;
use crate::config::AdminConfig;

const HOURS_MAX: u32 = 8;

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Print a new token of an operator, and the id that revokes it. Needs DROPGATE_ADMIN_KEYS.
    Admin {
        /// The operator's name. The ledger records it with every command sent with the token.
        #[arg(long)]
        name: String,
        #[arg(long)]
        role: RoleName,
        #[arg(long, default_value_t = HOURS_MAX)]
        hours: u32,
    },
    /// Revoke a token on a running origin.
    Revoke {
        /// The id that `token admin` printed.
        jti: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum RoleName {
    View,
    Operate,
    Money,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::View => Self::View,
            RoleName::Operate => Self::Operate,
            RoleName::Money => Self::Money,
        }
    }
}

pub(super) async fn run(command: TokenCommand) -> Result<()> {
    match command {
        TokenCommand::Admin { name, role, hours } => issue(name, role, hours),
        TokenCommand::Revoke { jti } => {
            if jti.parse::<Jti>().is_err() {
                bail!("a token's id is 32 lower-case hex digits");
            }
            AdminClient::from_env(Role::Operate)?
                .call(Method::POST, &format!("/admin/tokens/{jti}/revoke"), None)
                .await?;
            println!("revoked {jti}");
            Ok(())
        }
    }
}

fn issue(name: String, role: RoleName, hours: u32) -> Result<()> {
    if hours == 0 || hours > HOURS_MAX {
        bail!("an operator's token lives from 1 to {HOURS_MAX} hours");
    }
    if !is_operator_name(&name) {
        bail!("give the operator a name of 1 to {OPERATOR_NAME_CHARS_MAX} printable characters: the ledger records it");
    }
    let config = AdminConfig::from_env()?;
    let claims = AdminClaims { name, role: role.into(), jti: random_jti()? };
    let token = mint_admin(&config.admin_keys, &claims, Clock::system().now(), hours * 3600);
    println!("{token}");
    eprintln!("id {}", claims.jti);
    Ok(())
}
