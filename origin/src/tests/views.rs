//! The view beside a running sale: what goes wrong with it stops nothing, and mends itself.

use std::fs;

use super::*;
use crate::store::views::OrderQuery;
use crate::store::{tamper, views_file};
use crate::views::{self, Views};

impl Sale {
    /// Waits until the view has every row that is written.
    async fn is_seen_by(&self, views: &Views) {
        let seen = || views.state().seq == *self.ports.writer.ledger_seq().borrow() && !views.state().fails;
        until("the view has every row", OUTBOX_DEADLINE, async || seen().then_some(())).await;
    }

    async fn finds(&self, views: &Views, orders: &[OrderCode]) {
        self.is_seen_by(views).await;
        let found = views.read(|view| view.find(&OrderQuery::default(), None, 10)).await.unwrap().unwrap();
        assert_eq!(found.orders, orders);
    }
}

#[tokio::test]
async fn a_view_that_breaks_is_made_anew_while_the_shop_sells() {
    let mut sale = Sale::of(9).await;
    let running = views::start(sale.folder.path(), &sale.ports.writer, sale.clock.clone()).unwrap();
    let views = running.views.clone();
    let first = sale.buys(1).await;
    sale.finds(&views, &[first]).await;
    let file = views_file(sale.folder.path());
    tamper(&file, "CREATE TRIGGER t BEFORE INSERT ON orders BEGIN SELECT raise(ABORT, 'broken'); END").unwrap();
    let second = sale.buys(2).await;
    sale.finds(&views, &[second, first]).await;
    assert!(crate::store::rows(&file, "SELECT 1 FROM sqlite_schema WHERE name = 't'").unwrap().is_empty());
    // An operator may ask for it as well.
    views.rebuild().await.unwrap();
    sale.finds(&views, &[second, first]).await;
    tokio::task::spawn_blocking(|| running.stop()).await.unwrap();
    views.rebuild().await.unwrap_err();
    sale.finish().await;
}

#[tokio::test]
async fn a_view_that_cannot_be_opened_waits_and_the_shop_sells() {
    let mut sale = Sale::of(9).await;
    let file = views_file(sale.folder.path());
    fs::create_dir(&file).unwrap();
    let running = views::start(sale.folder.path(), &sale.ports.writer, sale.clock.clone()).unwrap();
    let views = running.views.clone();
    until("it fails", OUTBOX_DEADLINE, async || views.state().fails.then_some(())).await;
    let order = sale.buys(1).await;
    views.read(|view| view.find(&OrderQuery::default(), None, 10)).await.unwrap_err();
    fs::remove_dir(&file).unwrap();
    sale.finds(&views, &[order]).await;
    tokio::task::spawn_blocking(|| running.stop()).await.unwrap();
    sale.finish().await;
}
