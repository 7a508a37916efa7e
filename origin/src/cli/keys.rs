use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

/// Prints secrets, so nothing else goes to stdout: it can be redirected into an environment file.
pub(super) fn print() -> Result<()> {
    println!("DROPGATE_EDGE_KEYS=e1.{}", secret()?);
    println!("DROPGATE_ADMIN_KEYS=a1.{}", secret()?);
    println!("DROPGATE_ORDER_KEYS=1.{}", secret()?);
    println!("DROPGATE_CUSTOMER_SECRET={}", secret()?);
    println!("DROPGATE_COOKIE_SECRET={}", secret()?);
    println!("DROPGATE_WEBHOOK_SECRET={}", secret()?);
    Ok(())
}

fn secret() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    Ok(BASE64.encode(bytes))
}
