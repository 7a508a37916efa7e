use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{DropId, Jti, OrderCode, Region, Sid, Sub};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::TokenError::{BadSignature, Expired, Malformed, NotYetValid, UnknownKey, WrongScope};
use super::in_place::purchase_claims as read_claims;
use super::*;
use crate::crypto::Keyed;
use crate::keys::Ring;

mod twice;

const NOW: Timestamp = Timestamp(1_790_000_000_500);
const NOW_SECONDS: i64 = 1_790_000_000;

fn secret(byte: u8) -> String {
    URL_SAFE_NO_PAD.encode([byte; 32])
}

fn edge_ring() -> KeyRing {
    KeyRing::parse(Ring::Edge, &format!("e1.{}", secret(1))).unwrap()
}

fn admin_ring() -> KeyRing {
    KeyRing::parse(Ring::Admin, &format!("a1.{}", secret(9))).unwrap()
}

fn purchase_claims() -> PurchaseClaims {
    PurchaseClaims {
        drop: DropId(42),
        sub: Sub([1; 16]),
        sid: Sid([2; 16]),
        jti: Jti([3; 16]),
        qty_max: 2,
        region: Region::S01,
    }
}

fn admin_claims() -> AdminClaims {
    AdminClaims { name: "mai".to_owned(), role: Role::Operate, jti: Jti([4; 16]) }
}

/// Signs anything as anyone, the way an attacker or a broken program would.
fn forge(header: &Value, claims: &Value, key: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(Keyed::new(key).mac(&[message.as_bytes()]));
    format!("{message}.{signature}")
}

fn good_header() -> Value {
    json!({"typ": "JWT", "alg": "HS256", "kid": "e1"})
}

fn good_purchase() -> Value {
    json!({
        "scope": "purchase", "iss": "dropgate-edge", "aud": "dropgate-purchase",
        "nbf": NOW_SECONDS, "exp": NOW_SECONDS + 120,
        "drop": 42, "sub": "01".repeat(16), "sid": "02".repeat(16), "jti": "03".repeat(16), "qty_max": 2, "region": "S01"
    })
}

fn changed(mut value: Value, name: &str, to: Value) -> Value {
    if to.is_null() {
        value.as_object_mut().unwrap().remove(name);
    } else {
        value[name] = to;
    }
    value
}

#[test]
fn what_is_minted_is_verified_with_its_claims() {
    let (edge, admin) = (edge_ring(), admin_ring());
    let purchase = verify_purchase(&edge, &mint_purchase(&edge, &purchase_claims(), NOW), NOW).unwrap();
    assert_eq!(purchase, Verified { claims: purchase_claims(), expires_at: Timestamp((NOW_SECONDS + 120) * 1000) });
    assert_eq!(purchase.expires_at, purchase_expires_at(NOW));
    assert_eq!(verify_read(&edge, &mint_read(&edge, NOW), NOW), Ok(Timestamp((NOW_SECONDS + 60) * 1000)));
    assert_eq!(verify_webhook(&edge, &mint_webhook(&edge, NOW), NOW), Ok(()));
    for sid in [None, Some(Sid([5; 16]))] {
        let claims = OrderClaims { order_code: OrderCode(8_999_999_999_999_999), sid };
        let order = verify_order(&edge, &mint_order(&edge, &claims, NOW), NOW).unwrap();
        assert_eq!(order, Verified { claims, expires_at: Timestamp((NOW_SECONDS + 60) * 1000) });
    }
    let token = mint_admin(&admin, &admin_claims(), NOW, u32::MAX);
    let operator = verify_admin(&admin, &token, NOW).unwrap();
    assert_eq!(operator, Verified { claims: admin_claims(), expires_at: Timestamp((NOW_SECONDS + 8 * 3600) * 1000) });
}

#[test]
fn the_purchase_token_keeps_its_wire_form() {
    let token = mint_purchase(&edge_ring(), &purchase_claims(), NOW);
    let parts: Vec<Value> = token
        .split('.')
        .take(2)
        .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    assert_eq!(parts, [good_header(), good_purchase()]);
}

#[test]
fn a_token_opens_only_what_its_scope_names() {
    let edge = edge_ring();
    let order = OrderClaims { order_code: OrderCode(7), sid: None };
    let tokens = [
        mint_purchase(&edge, &purchase_claims(), NOW),
        mint_read(&edge, NOW),
        mint_webhook(&edge, NOW),
        mint_order(&edge, &order, NOW),
    ];
    for (minted, token) in tokens.iter().enumerate() {
        let results = [
            verify_purchase(&edge, token, NOW).map(|_| ()),
            verify_read(&edge, token, NOW).map(drop),
            verify_webhook(&edge, token, NOW),
            verify_order(&edge, token, NOW).map(|_| ()),
        ];
        for (asked, result) in results.into_iter().enumerate() {
            assert_eq!(result, if asked == minted { Ok(()) } else { Err(WrongScope) }, "{minted} as {asked}");
        }
        assert_eq!(verify_admin(&admin_ring(), token, NOW).err(), Some(UnknownKey));
        assert_eq!(verify_admin(&edge, token, NOW).err(), Some(WrongScope), "an edge ring verifies no operator");
    }
    let admin = mint_admin(&admin_ring(), &admin_claims(), NOW, 3600);
    assert_eq!(verify_purchase(&edge, &admin, NOW).err(), Some(UnknownKey));
    assert_eq!(verify_purchase(&admin_ring(), &admin, NOW).err(), Some(WrongScope));
}

#[test]
fn an_admin_scope_signed_with_an_edge_key_opens_nothing() {
    let claims = json!({
        "scope": "admin", "iss": "dropgate-admin", "aud": "dropgate-admin", "nbf": NOW_SECONDS,
        "exp": NOW_SECONDS + 60, "name": "mallory", "role": "money", "jti": "03".repeat(16)
    });
    let by_edge_key = forge(&good_header(), &claims, &[1; 32]);
    assert_eq!(verify_admin(&admin_ring(), &by_edge_key, NOW).err(), Some(UnknownKey));
    // Even a verifier that was handed the wrong ring.
    assert_eq!(verify_admin(&edge_ring(), &by_edge_key, NOW).err(), Some(WrongScope));
    let with_admin_kid = forge(&changed(good_header(), "kid", json!("a1")), &claims, &[1; 32]);
    assert_eq!(verify_admin(&admin_ring(), &with_admin_kid, NOW).err(), Some(BadSignature));
}

#[test]
fn time_is_exact_at_both_ends() {
    let edge = edge_ring();
    let token = mint_purchase(&edge, &purchase_claims(), NOW);
    let begins = NOW_SECONDS * 1000;
    let ends = (NOW_SECONDS + 120 + 5) * 1000;
    for (at, error) in [
        (begins - 1, Some(NotYetValid)),
        (begins, None),
        (NOW.0, None),
        (ends - 1, None),
        (ends, Some(Expired)),
        (0, Some(NotYetValid)),
        (i64::MAX, Some(Expired)),
        (i64::MIN, Some(NotYetValid)),
    ] {
        assert_eq!(verify_purchase(&edge, &token, Timestamp(at)).err(), error, "{at}");
    }
}

#[test]
fn a_forged_header_is_refused() {
    let header = good_header;
    let cases = [
        (changed(header(), "alg", json!("none")), Malformed),
        (changed(header(), "alg", json!("None")), Malformed),
        (changed(header(), "alg", json!("HS384")), Malformed),
        (changed(header(), "alg", json!("HS512")), Malformed),
        (changed(header(), "alg", json!("RS256")), Malformed),
        (changed(header(), "alg", json!("EdDSA")), Malformed),
        (changed(header(), "alg", json!("")), Malformed),
        (changed(header(), "alg", json!(null)), Malformed),
        (changed(header(), "kid", json!(null)), UnknownKey),
        (changed(header(), "kid", json!("")), UnknownKey),
        (changed(header(), "kid", json!("e2")), UnknownKey),
        (changed(header(), "kid", json!("E1")), UnknownKey),
        (changed(header(), "kid", json!(1)), Malformed),
        (json!([]), Malformed),
        (json!("HS256"), Malformed),
        (json!(["JWT", "HS256", "e1"]), Malformed),
        (changed(header(), "crit", json!(["exp"])), Malformed),
        (changed(header(), "crit", json!([])), Malformed),
        (changed(header(), "b64", json!(false)), Malformed),
        (changed(header(), "b64", json!(true)), Malformed),
        (changed(header(), "zip", json!("DEF")), Malformed),
        (changed(header(), "jku", json!("https://keys.example/")), Malformed),
        (changed(header(), "jwk", json!({"kty": "oct", "k": "AQ"})), Malformed),
        (changed(header(), "more", json!(1)), Malformed),
    ];
    for (header, error) in cases {
        let token = forge(&header, &good_purchase(), &[1; 32]);
        assert_eq!(verify_purchase(&edge_ring(), &token, NOW).err(), Some(error), "{header}");
    }
    assert!(verify_purchase(&edge_ring(), &forge(&header(), &good_purchase(), &[1; 32]), NOW).is_ok());
    let by_another_key = forge(&header(), &good_purchase(), &[2; 32]);
    assert_eq!(verify_purchase(&edge_ring(), &by_another_key, NOW).err(), Some(BadSignature));
}

#[test]
fn other_claims_are_refused_though_well_signed() {
    let claims = good_purchase;
    let cases = [
        (changed(claims(), "scope", json!("read")), WrongScope),
        (changed(claims(), "iss", json!("dropgate-admin")), WrongScope),
        (changed(claims(), "aud", json!("dropgate-origin")), WrongScope),
        (changed(claims(), "aud", json!(["dropgate-purchase"])), Malformed),
        (changed(claims(), "scope", json!(null)), Malformed),
        (changed(claims(), "iss", json!(null)), Malformed),
        (changed(claims(), "exp", json!(null)), Malformed),
        (changed(claims(), "nbf", json!(null)), Malformed),
        (changed(claims(), "exp", json!(NOW_SECONDS as f64 + 60.5)), Malformed),
        (changed(claims(), "exp", json!("1790000120")), Malformed),
        (changed(claims(), "exp", json!(NOW_SECONDS + 121)), Malformed),
        (changed(claims(), "exp", json!(i64::MAX)), Malformed),
        (changed(claims(), "exp", json!(NOW_SECONDS)), Malformed),
        (changed(claims(), "nbf", json!(i64::MIN)), Malformed),
        (changed(claims(), "nbf", json!(NOW_SECONDS + 1)), NotYetValid),
        (changed(claims(), "drop", json!(-1)), Malformed),
        (changed(claims(), "drop", json!("42")), Malformed),
        (changed(claims(), "sub", json!("01")), Malformed),
        (changed(claims(), "sid", json!(null)), Malformed),
        (changed(claims(), "region", json!("X01")), Malformed),
        (json!([]), Malformed),
    ];
    for (claims, error) in cases {
        let token = forge(&good_header(), &claims, &[1; 32]);
        assert_eq!(verify_purchase(&edge_ring(), &token, NOW).err(), Some(error), "{claims}");
    }
    let old = changed(changed(claims(), "nbf", json!(NOW_SECONDS - 200)), "exp", json!(NOW_SECONDS - 80));
    let token = forge(&good_header(), &old, &[1; 32]);
    assert_eq!(verify_purchase(&edge_ring(), &token, NOW).err(), Some(Expired));
}

#[test]
fn an_operator_has_a_name_that_can_be_printed() {
    let ring = admin_ring();
    let token = |name: String| mint_admin(&ring, &AdminClaims { name, ..admin_claims() }, NOW, 3600);
    for good in ["Mai", "Trần Thị Mai", &"ấ".repeat(64)] {
        assert!(verify_admin(&ring, &token(good.to_owned()), NOW).is_ok(), "{good}");
    }
    for bad in ["", " ", "\u{200b}", "Mai\n", "Mai ", "M\u{202e}ai", "M\u{1b}[2Jai", &"ấ".repeat(65)] {
        assert_eq!(verify_admin(&ring, &token(bad.to_owned()), NOW).err(), Some(Malformed), "{bad:?}");
    }
}

#[test]
fn every_changed_or_missing_character_is_noticed() {
    let edge = edge_ring();
    let token = mint_purchase(&edge, &purchase_claims(), NOW);
    for length in 0..token.len() {
        assert!(verify_purchase(&edge, &token[..length], NOW).is_err(), "cut to {length}");
    }
    for at in 0..token.len() {
        for replacement in ['A', 'z', '.', '=', '+', ' '] {
            let mut mutated: Vec<char> = token.chars().collect();
            if mutated[at] == replacement {
                continue;
            }
            mutated[at] = replacement;
            let mutated: String = mutated.into_iter().collect();
            assert!(verify_purchase(&edge, &mutated, NOW).is_err(), "{replacement} at {at}");
        }
    }
    for suffix in ["A", ".", "=", ".A", " ", "\n"] {
        assert!(verify_purchase(&edge, &format!("{token}{suffix}"), NOW).is_err(), "{suffix}");
    }
    let mut parts = token.rsplitn(2, '.');
    let unsigned = format!("{}.", parts.nth(1).unwrap());
    assert!(verify_purchase(&edge, &unsigned, NOW).is_err());
    for garbage in ["", ".", "..", "...", "a.b.c", "é.é.é", "Bearer x.y.z"] {
        assert_eq!(verify_purchase(&edge, garbage, NOW).err(), Some(Malformed), "{garbage}");
    }
    let long = forge(&good_header(), &changed(good_purchase(), "x", json!("x".repeat(1024))), &[1; 32]);
    assert_eq!(verify_purchase(&edge, &long, NOW).err(), Some(Malformed));
}

#[test]
fn minted_tokens_are_verified_without_the_library() {
    let both = KeyRing::parse(Ring::Edge, &format!("e2.{},e1.{}", secret(2), secret(1))).unwrap();
    for ring in [&edge_ring(), &both] {
        let token = mint_purchase(ring, &purchase_claims(), NOW);
        assert_eq!(
            in_place::verify(&both, &PURCHASE, &token, NOW, read_claims),
            Some(library::verify(&both, &PURCHASE, &token, NOW).unwrap())
        );
    }
}

/// What a token may be changed into: one of its characters, or its end.
fn mutated(token: &str, at: usize, to: char, cut: usize) -> String {
    let mut letters: Vec<char> = token.chars().collect();
    let at = at % letters.len();
    letters[at] = to;
    letters.truncate(letters.len() - cut % letters.len());
    letters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_accepted_that_the_library_refuses(
        claims in (any::<u32>(), any::<[[u8; 16]; 3]>(), any::<u32>(), prop::sample::select(Region::ALL.to_vec())),
        age_ms in -3_000..130_000_i64,
        at in any::<usize>(),
        to in "[A-Za-z0-9._=+-]",
        cut in 0..3_usize,
        name in prop::sample::select(vec!["scope", "iss", "aud", "nbf", "exp", "drop", "sub", "jti", "qty_max", "region", "more"]),
        value in prop::sample::select(vec![json!(null), json!(1), json!("read"), json!("\u{e9}\n"), json!([1])]),
    ) {
        let (drop, [sub, sid, jti], qty_max, region) = claims;
        let claims = PurchaseClaims {
            drop: DropId(drop),
            sub: Sub(sub),
            sid: Sid(sid),
            jti: Jti(jti),
            qty_max,
            region,
        };
        let (ring, now) = (edge_ring(), NOW.plus_ms(age_ms));
        let genuine = mint_purchase(&ring, &claims, NOW);
        let changed = mutated(&genuine, at, to.chars().next().unwrap(), cut);
        let resigned = forge(&good_header(), &changed_claims(&genuine, name, value), &[1; 32]);
        for token in [&genuine, &changed, &resigned] {
            let library = library::verify::<PurchaseClaims>(&ring, &PURCHASE, token, now);
            prop_assert_eq!(verify_purchase(&ring, token, now), library.clone(), "{}", token);
            let own = in_place::verify(&ring, &PURCHASE, token, now, read_claims);
            prop_assert!(*token != genuine || own.is_some() == library.is_ok(), "{}", token);
            if let Some(own) = own {
                prop_assert_eq!(Ok(own), library, "{}", token);
            }
        }
    }
}

fn changed_claims(token: &str, name: &str, value: Value) -> Value {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    changed(serde_json::from_slice(&payload).unwrap(), name, value)
}

#[test]
fn both_keys_of_a_ring_verify_while_one_is_rotated() {
    let old = edge_ring();
    let both = KeyRing::parse(Ring::Edge, &format!("e2.{},e1.{}", secret(2), secret(1))).unwrap();
    let new = KeyRing::parse(Ring::Edge, &format!("e2.{}", secret(2))).unwrap();
    assert!(verify_read(&both, &mint_read(&old, NOW), NOW).is_ok());
    assert!(verify_read(&new, &mint_read(&both, NOW), NOW).is_ok(), "the first key signs");
    assert_eq!(verify_read(&new, &mint_read(&old, NOW), NOW), Err(UnknownKey));
    assert_eq!(verify_read(&old, &mint_read(&both, NOW), NOW), Err(UnknownKey));
}

#[test]
fn a_role_includes_those_below() {
    assert!(Role::View < Role::Operate && Role::Operate < Role::Money);
}
