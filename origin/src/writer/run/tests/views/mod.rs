//! The view on a real file, fed from a sale that goes on.

mod feed;
mod history;
mod search;

use std::path::Path;

use libsql::Value;

use super::*;
use crate::store::views::{Found, LOOKED_MAX, OrderQuery, Page, SearchRefused, Total, ViewStore, words};
use crate::store::{tamper, views_file};

/// Everything but the index of names.
const TABLES: [&str; 7] = ["fed", "drops", "orders", "words", "order_rows", "operator_rows", "revenue"];

fn sale(rig: &Rig) -> ReadStore {
    ReadStore::open(rig.folder.path()).unwrap()
}

/// Opens the view; why the stored one was thrown away, if it was.
fn opened(rig: &Rig) -> (ViewStore, Option<String>) {
    let mut reason = None;
    let store = ViewStore::open(rig.folder.path(), &sale(rig), START, |why| reason = Some(why.to_owned())).unwrap();
    (store, reason)
}

fn fed(rig: &Rig) -> ViewStore {
    let (mut store, _) = opened(rig);
    feed(rig, &mut store, 256, usize::MAX);
    store
}

/// At most `pages` pages of `rows` rows. Whether all is in.
fn feed(rig: &Rig, store: &mut ViewStore, rows: u32, pages: usize) -> bool {
    let sale = sale(rig);
    for _ in 0..pages {
        match Page::read(&sale, store.place().seq, rows).unwrap() {
            Some(page) => store.take(&page).unwrap(),
            None => return true,
        }
    }
    false
}

/// Everything that is stored, and what the index of names says of each word.
fn content(folder: &Path) -> Vec<Vec<Value>> {
    let file = views_file(folder);
    let mut all = Vec::new();
    for table in TABLES {
        all.extend(crate::store::rows(&file, &format!("SELECT '{table}', * FROM {table} ORDER BY 2, 3")).unwrap());
    }
    let words = crate::store::rows(&file, "SELECT word FROM words ORDER BY word").unwrap();
    for word in words.into_iter().flatten() {
        let Value::Text(word) = word else { panic!("{word:?}") };
        let sql = format!("SELECT '{word}', rowid FROM names WHERE names MATCH '\"{word}\"' ORDER BY rowid");
        all.extend(crate::store::rows(&file, &sql).unwrap());
    }
    all
}

fn find(store: &ViewStore, query: &OrderQuery) -> Vec<OrderCode> {
    store.find(query, None, 100).unwrap().unwrap().orders
}

fn by_name(name: &str) -> OrderQuery {
    OrderQuery { name: words(name), ..OrderQuery::default() }
}

/// Draws what happens, the same each time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

const NAMES: [&str; 4] = ["Nguyễn Văn Ấn", "Đào Thị Hoa", "Trần An", "Lê Đức Thọ"];
const REGIONS: [Region; 4] = Region::ALL;

impl Rig {
    fn buys_as(&mut self, who: u8, drop: u32, name: &str, region: Region) -> Option<OrderCode> {
        let mut purchase = self.purchase(who);
        let buyer = Buyer {
            name: name.into(),
            phone: format!("+849123456{who:02}"),
            email: format!("b{who}@example.com"),
            ..purchase.buyer
        };
        purchase.purchase.buyer_commit = buyer.commit(purchase.salt);
        purchase.purchase.region = region;
        (purchase.drop, purchase.buyer) = (DropId(drop), buyer);
        Some(self.buy(purchase).ok()?.receipt.order)
    }

    /// Something of what shoppers, banks, operators and time do.
    fn something_happens(&mut self, draw: &mut Draw, orders: &mut Vec<OrderCode>) {
        let who = draw.below(90) as u8;
        let any = if orders.is_empty() { NO_ORDER } else { orders[draw.below(orders.len() as u64) as usize] };
        match draw.below(12) {
            0..=3 => {
                let name = NAMES[draw.below(4) as usize];
                let region = REGIONS[draw.below(4) as usize];
                orders.extend(self.buys_as(who, 1 + draw.below(2) as u32, name, region));
            }
            4..=6 => {
                let amount = [PRICE, PRICE, PRICE / 2, PRICE * 2][draw.below(4) as usize];
                let reference = format!("FT{}", draw.below(400));
                self.ask(Request::Order(OrderRequest {
                    order: any,
                    command: payment(&reference, amount),
                    operator: String::new(),
                    payer: Some(account("1")),
                }));
            }
            7 => drop(self.command(any, Command::CancelByOperator { restock: draw.below(2) == 0 })),
            8 => drop(self.command(any, Command::AskLink)),
            9 => drop(self.export()),
            10 => {
                let number = 1 + draw.below(2) as u32;
                let step = match draw.below(3) {
                    0 => RefundStep::Sent { bank_reference: "B1".into() },
                    1 => RefundStep::Confirm,
                    _ => RefundStep::Fail { reason: "closed".into() },
                };
                self.command(any, Command::Refund { number, step });
            }
            _ => self.clock.advance(86_400_000 * draw.below(40) as i64),
        }
    }
}
