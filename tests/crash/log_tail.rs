//! A log whose end is damaged. What a disk has destroyed nobody can give back; what is left must be whole batches,
//! and the loss must show.

use std::{fs, io::Write as _, path::Path};

use harness::{Start, sale_db};

use crate::{chance::Chance, rush::CROWD, shop::Shop};

const ORDERS: &str = "select count(*) from orders";
/// Places of the log that are tried for damage.
const PLACES: usize = 32;

#[tokio::test]
async fn bytes_that_never_became_a_commit_lose_nothing_acknowledged() {
    let mut shop = killed_with_a_log(1).await;
    let log = shop.origin.data().join("sale.db-wal");
    let torn = fs::read(&log).expect("the log").split_off(32);
    let mut file = fs::File::options().append(true).open(&log).expect("the log");
    // The beginning of a page as it would have come next, as far as a disk got: an old page shows the size of one.
    file.write_all(&torn[..10_000]).expect("a torn tail");
    drop(file);
    shop.checks_files().await;
    shop.recovers(0).await;
    shop.closes().await;
}

#[tokio::test]
async fn a_damaged_log_leaves_whole_batches_and_the_loss_shows() {
    let damages: [fn(&Path, usize); 2] = [flip_a_byte, cut];
    for damage in damages {
        let mut shop = killed_with_a_log(2).await;
        let before = shop.origin.copies_data();
        let printed = shop.origin.verifies(before.path());
        let head = printed.rsplit(' ').next().expect("a head").trim();
        let highest = shop.book.bought.iter().map(|bought| bought.order).max().expect("an order");

        let at = among_orders(&shop).await;
        damage(&shop.origin.data().join("sale.db-wal"), at);
        let copy = shop.origin.copies_data();
        shop.origin.verifies(copy.path());
        let left = sale_db::count(copy.path(), ORDERS).await;
        let all = sale_db::count(before.path(), ORDERS).await;
        assert!(0 < left && left < all, "{left} of {all} orders are left of the log up to {at}");
        let compared = shop.origin.dropgate_on(copy.path(), &["verify", "--head", head]);
        let said = String::from_utf8_lossy(&compared.stderr);
        assert!(!compared.status.success() && said.contains("its tail was cut off"), "{said}");

        // It sells on, and gives no code again that somebody may have on paper.
        shop.book.forgets_all();
        shop.origin.starts().await;
        let rush = shop.is_rushed_by(CROWD, &mut Chance::of(3));
        rush.buys(10).await;
        let ended = shop.origin.stop().await;
        assert!(ended.status.success(), "{}", ended.said);
        let book = rush.ends().await;
        assert!(book.bought.iter().all(|bought| bought.order > highest), "a code was given twice");
        shop.origin.verifies(&shop.origin.data());
        let bought = i64::try_from(book.bought.len()).expect("few orders");
        assert_eq!(sale_db::count(&shop.origin.data(), ORDERS).await, left + bought);
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_by_name() {
    let mut shop = Shop::opens().await;
    let file = shop.origin.data().join("sale.db");
    let kept = fs::read(&file).expect("the database");
    fs::write(&file, vec![7; kept.len()]).expect("garbage");
    let refusal = shop.origin.refuses_to_start(&Start::default()).await;
    refusal.is_plain_refusal(&[&file.display().to_string(), "the file is damaged, or no database"]);
    fs::write(&file, kept).expect("the database again");
    shop.closes().await;
}

/// Killed with orders in the log that are not in the database yet.
async fn killed_with_a_log(seed: u64) -> Shop {
    let mut shop = Shop::opens().await;
    shop.origin.starts().await;
    let rush = shop.is_rushed_by(CROWD, &mut Chance::of(seed));
    rush.buys(50).await;
    shop.origin.kill().await;
    shop.book.adds(rush.ends().await);
    shop.checks_files().await;
    shop
}

/// A place in the log with orders before and behind it: what of a rush lies where depends on how fast it went.
async fn among_orders(shop: &Shop) -> usize {
    let length = fs::read(shop.origin.data().join("sale.db-wal")).expect("the log").len();
    let all = sale_db::count(shop.origin.copies_data().path(), ORDERS).await;
    for at in (1..PLACES).map(|place| length * place / PLACES) {
        let copy = shop.origin.copies_data();
        cut(&copy.path().join("sale.db-wal"), at);
        // Of the first places there may not even be a table.
        if shop.origin.dropgate_on(copy.path(), &["verify"]).status.success() {
            let left = sale_db::count(copy.path(), ORDERS).await;
            if 0 < left && left < all {
                return at;
            }
        }
    }
    panic!("all orders came in one batch");
}

fn flip_a_byte(log: &Path, at: usize) {
    let mut bytes = fs::read(log).expect("the log");
    bytes[at] ^= 1;
    fs::write(log, bytes).expect("the log again");
}

fn cut(log: &Path, at: usize) {
    let file = fs::File::options().write(true).open(log).expect("the log");
    file.set_len(at as u64).expect("a cut");
}
