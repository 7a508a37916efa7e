//! Makes a payment link on a real channel, waits until it is paid, and closes it otherwise.
//!
//! PayOS has no sandbox, so this asks for real money (2,000 VND) and gives none back:
//!
//! ```sh
//! PAYOS_CLIENT_ID=… PAYOS_API_KEY=… PAYOS_CHECKSUM_KEY=… cargo run --example create_link -- ORDER_CODE
//! ```
#![expect(clippy::disallowed_methods, reason = "an example reads its keys from the environment")]

use std::env;
use std::error::Error;
use std::time::Duration;

use payos::{Client, Config, CreateLink, LinkStatus};

const POLLS: u32 = 60;
const POLL_INTERVAL: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut config =
        Config::new(env::var("PAYOS_CLIENT_ID")?, env::var("PAYOS_API_KEY")?, env::var("PAYOS_CHECKSUM_KEY")?);
    if let Ok(base_url) = env::var("PAYOS_BASE_URL") {
        config.base_url = base_url;
    }
    let client = Client::new(config)?;
    let order_code: i64 = env::args().nth(1).ok_or("give a new order code")?.parse()?;

    let page = "https://example.com/";
    let request = CreateLink::new(order_code, 2000, "RUST TEST", page, page);
    let link = match client.create_link(&request).await {
        Ok(link) => link,
        Err(error) if error.is_duplicate_order() => return Err("take another order code".into()),
        Err(error) => return Err(error.into()),
    };
    println!("pay at {}\nor scan {}", link.checkout_url, link.qr_code);

    for _ in 0..POLLS {
        tokio::time::sleep(POLL_INTERVAL).await;
        let link = client.get_link(order_code).await?;
        println!("{:?}: {} of {} VND", link.status, link.amount_paid, link.amount);
        if link.status == LinkStatus::Paid {
            return Ok(());
        }
    }
    let link = client.cancel_link(order_code, Some("not paid in time")).await?;
    println!("closed: {:?}", link.status);
    Ok(())
}
