use payos::verify_webhook;

use super::fixture::{KEY, StandIn};

#[tokio::test]
async fn a_click_pays_once_and_leads_back_to_the_shop() {
    let mut payos = StandIn::start().await;
    let id = payos.create(7).await.payment_link_id;
    let url = format!("{}/web/{id}", payos.base_url);
    let page = payos.http.get(&url).send().await.expect("a page").text().await.expect("text");
    assert!(page.contains("49.000 ₫") && page.contains("DH&lt;7&gt;"), "{page}");
    assert!(!page.contains("DH<7>"), "{page}");

    let expected = format!("http://shop.example/o?a=1&code=00&id={id}&cancel=false&status=PAID&orderCode=7#top");
    assert_eq!(payos.click(&format!("/web/{id}/pay")).await, expected);
    assert_eq!(payos.click(&format!("/web/{id}/pay")).await, expected);
    payos.merchant.answer_with(200).await;
    assert!(verify_webhook(&payos.merchant.next().await, KEY).is_ok());
    assert_eq!(payos.client.get_link(7).await.expect("known").transactions.len(), 1);
    let page = payos.http.get(&url).send().await.expect("a page").text().await.expect("text");
    assert!(!page.contains("<form"), "{page}");

    let id = payos.create(8).await.payment_link_id;
    let expected = format!("http://shop.example/no?code=00&id={id}&cancel=true&status=CANCELLED&orderCode=8");
    assert_eq!(payos.click(&format!("/web/{id}/cancel")).await, expected);
    let list = payos.http.get(&payos.base_url).send().await.expect("a page").text().await.expect("text");
    let (newer, older) = (list.find("CANCELLED"), list.find("PAID"));
    assert!(newer.is_some() && newer < older, "{list}");
}
