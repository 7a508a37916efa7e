use super::*;

/// A JSON text with a member once more, as `serde_json` would not write it: first or last, plain or escaped.
fn doubled(object: &Value, name: &str, value: &Value) -> Vec<String> {
    let text = object.to_string();
    let inner = &text[1..text.len() - 1];
    let escaped = format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]);
    let orders = [name, &escaped]
        .map(|name| [format!(r#"{{{inner},"{name}":{value}}}"#), format!(r#"{{"{name}":{value},{inner}}}"#)]);
    orders.into_iter().flatten().collect()
}

fn signed(header: &str, claims: &str, key: &[u8]) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(Keyed::new(key).mac(&[message.as_bytes()])))
}

#[test]
fn a_token_that_says_a_thing_twice_is_refused() {
    let ring = edge_ring();
    let order = json!({
        "scope": "order", "iss": "dropgate-edge", "aud": "dropgate-origin",
        "nbf": NOW_SECONDS, "exp": NOW_SECONDS + 60, "order_code": 7
    });
    let plain = signed(&good_header().to_string(), &order.to_string(), &[1; 32]);
    assert!(verify_order(&ring, &plain, NOW).is_ok(), "the order of members means nothing");
    for claims in [good_purchase(), order] {
        for (name, value) in claims.as_object().unwrap() {
            for twice in doubled(&claims, name, value) {
                let token = signed(&good_header().to_string(), &twice, &[1; 32]);
                let results = (verify_purchase(&ring, &token, NOW).err(), verify_order(&ring, &token, NOW).err());
                assert_eq!(results, (Some(Malformed), Some(Malformed)), "{twice}");
            }
        }
    }
    for (name, value) in good_header().as_object().unwrap() {
        for twice in doubled(&good_header(), name, value) {
            let token = signed(&twice, &good_purchase().to_string(), &[1; 32]);
            assert_eq!(verify_purchase(&ring, &token, NOW).err(), Some(Malformed), "{twice}");
        }
    }
}

/// The reading in place takes off what is written first: a registered claim that comes again behind it counts too.
#[test]
fn a_minted_token_with_another_end_behind_its_own_claims_is_refused() {
    let ring = edge_ring();
    let minted = mint_order(&ring, &OrderClaims { order_code: OrderCode(7), sid: None }, NOW);
    let [header, claims] = [0, 1]
        .map(|part| String::from_utf8(URL_SAFE_NO_PAD.decode(minted.split('.').nth(part).unwrap()).unwrap()).unwrap());
    for more in [r#""exp":9"#, r#""nbf":9"#, r#""scope":"read""#, r#""aud":"x""#, r#""order_code":8"#, r#""x":1,"x":1"#]
    {
        let longer = format!("{},{more}}}", &claims[..claims.len() - 1]);
        assert_eq!(verify_order(&ring, &signed(&header, &longer, &[1; 32]), NOW).err(), Some(Malformed), "{more}");
    }
    let unknown = format!("{},\"more\":1}}", &claims[..claims.len() - 1]);
    assert!(verify_order(&ring, &signed(&header, &unknown, &[1; 32]), NOW).is_ok());
}
