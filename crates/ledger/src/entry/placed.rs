//! Version 2 of `order_placed`: 112 bytes in a fixed layout, integers big-endian. Every purchase writes, hashes and
//! syncs this row, and as JSON it was three times as long. Released: do not edit, add a version.

use anyhow::{Context, Result, bail, ensure};
use domain::{BuyerCommit, Event, Jti, OrderCode, Region, Sid, Sub, Timestamp, Vnd};

pub(super) const VERSION: i64 = 2;
const BYTES: usize = 112;

/// Encodes `OrderPlaced`, and refuses every other event.
pub(super) fn write(event: &Event) -> Result<Vec<u8>> {
    let Event::OrderPlaced { order, sub, sid, jti, quantity, amount, region, buyer_commit, pay_by } = event else {
        bail!("{event:?} does not place an order");
    };
    let mut payload = Vec::with_capacity(BYTES);
    payload.extend(order.0.to_be_bytes());
    payload.extend(sub.0);
    payload.extend(sid.0);
    payload.extend(jti.0);
    payload.extend(quantity.to_be_bytes());
    payload.extend(amount.get().to_be_bytes());
    payload.extend(padded(*region));
    payload.extend(buyer_commit.0);
    payload.extend(pay_by.0.to_be_bytes());
    Ok(payload)
}

pub(super) fn read(payload: &[u8]) -> Result<Event> {
    ensure!(payload.len() == BYTES, "it has {} bytes instead of {BYTES}", payload.len());
    let mut rest = payload;
    Ok(Event::OrderPlaced {
        order: OrderCode(u64::from_be_bytes(take(&mut rest)?)),
        sub: Sub(take(&mut rest)?),
        sid: Sid(take(&mut rest)?),
        jti: Jti(take(&mut rest)?),
        quantity: u32::from_be_bytes(take(&mut rest)?),
        amount: Vnd::new(i64::from_be_bytes(take(&mut rest)?)).context("its amount is out of range")?,
        region: region(take(&mut rest)?)?,
        buyer_commit: BuyerCommit(take(&mut rest)?),
        pay_by: Timestamp(i64::from_be_bytes(take(&mut rest)?)),
    })
}

/// The region's text, with zeroes behind it.
fn padded(region: Region) -> [u8; 4] {
    let mut bytes = [0; 4];
    for (to, from) in bytes.iter_mut().zip(region.as_str().bytes()) {
        *to = from;
    }
    bytes
}

fn region(bytes: [u8; 4]) -> Result<Region> {
    Region::ALL.into_iter().find(|known| padded(*known) == bytes).context("its region is not known")
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N]> {
    let (head, tail) = rest.split_first_chunk().context("it ends early")?;
    *rest = tail;
    Ok(*head)
}
