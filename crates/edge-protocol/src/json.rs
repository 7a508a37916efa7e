//! How the ids, moments and amounts of `domain`, which knows no serial form, are written as JSON: for
//! `#[serde(with = "…")]`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A value that is a JSON object. Where a struct is expected serde takes an array of its fields as well.
#[derive(Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// A number.
#[derive(Serialize, Deserialize)]
#[serde(remote = "domain::DropId")]
pub struct DropId(u32);

/// A number, below 2^53 as every JSON reader needs it.
#[derive(Serialize, Deserialize)]
#[serde(remote = "domain::OrderCode")]
pub struct OrderCode(u64);

/// A number of milliseconds since 1970 in UTC.
#[derive(Serialize, Deserialize)]
#[serde(remote = "domain::Timestamp")]
pub struct Timestamp(i64);

#[derive(Serialize, Deserialize)]
#[serde(remote = "domain::Region", rename_all = "UPPERCASE")]
pub enum Region {
    N01,
    C01,
    S01,
    Intl,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "domain::Stock")]
pub struct Stock {
    available: u32,
    held: u32,
    sold: u32,
    withdrawn: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "domain::Format", rename_all = "snake_case")]
pub enum Format {
    FirstCome,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "domain::Phase", rename_all = "snake_case")]
pub enum Phase {
    Coming,
    Open,
    Closed,
}

/// A whole number of đồng.
pub mod vnd {
    use domain::Vnd;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(amount: &Vnd, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(amount.get())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vnd, D::Error> {
        Vnd::new(i64::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not an amount of đồng"))
    }
}

/// A moment that may be missing or `null`, as milliseconds since 1970 in UTC.
pub mod optional_timestamp {
    use domain::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(|at| at.0).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::deserialize(deserializer)?.map(Timestamp))
    }
}

/// A `Sub`, `Sid` or `Jti`, as its 32 hex digits.
pub mod hex_id {
    use std::fmt::{self, Display};
    use std::marker::PhantomData;
    use std::str::FromStr;

    use serde::{Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(id: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub fn deserialize<'de, D: Deserializer<'de>, Id: FromStr<Err: Display>>(deserializer: D) -> Result<Id, D::Error> {
        deserializer.deserialize_str(InPlace(PhantomData))
    }

    /// Reads the digits where they stand: the claims of a token hold three ids.
    struct InPlace<Id>(PhantomData<Id>);

    impl<Id: FromStr<Err: Display>> de::Visitor<'_> for InPlace<Id> {
        type Value = Id;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("32 lower-case hex digits")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Id, E> {
            text.parse().map_err(E::custom)
        }
    }
}

/// A `Sid` that may be missing.
pub mod optional_sid {
    use domain::Sid;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Present(#[serde(with = "super::hex_id")] Sid);

    pub fn serialize<S: Serializer>(sid: &Option<Sid>, serializer: S) -> Result<S::Ok, S::Error> {
        sid.map(Present).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sid>, D::Error> {
        Ok(Option::deserialize(deserializer)?.map(|Present(sid)| sid))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Region(#[serde(with = "super::Region")] domain::Region);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sid(#[serde(with = "super::hex_id")] domain::Sid);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Vnd(#[serde(with = "super::vnd")] domain::Vnd);

    #[test]
    fn an_array_in_the_place_of_an_object_is_refused() {
        #[derive(Debug, Deserialize)]
        struct Pair<'a> {
            #[serde(borrow)]
            name: std::borrow::Cow<'a, str>,
            number: Option<u32>,
        }
        let pair = |json| serde_json::from_str::<super::Object<Pair<'_>>>(json).map(|super::Object(pair)| pair);
        let read = pair(r#"{"more": [], "number": 7, "name": "An"}"#).unwrap();
        assert_eq!((&*read.name, read.number), ("An", Some(7)));
        assert!(matches!(read.name, std::borrow::Cow::Borrowed(_)), "text stays where it stands");
        for json in
            [r#"["An", 7]"#, "[]", "null", "7", r#""An""#, r#"{"name": "An", "name": "An"}"#, r#"{"number": 7}"#]
        {
            pair(json).unwrap_err();
        }
        let nested = |json| serde_json::from_str::<Vec<Option<super::Object<Pair<'_>>>>>(json);
        assert_eq!(nested(r#"[null, {"name": "An"}]"#).unwrap().len(), 2);
        assert!(nested(r#"[["An", 7]]"#).unwrap_err().to_string().contains("expected a JSON object"));
    }

    #[test]
    fn a_region_is_written_alike_in_json_and_text() {
        for region in domain::Region::ALL {
            let json = serde_json::to_value(Region(region)).unwrap();
            assert_eq!(json, region.as_str());
            assert_eq!(serde_json::from_value::<Region>(json).unwrap(), Region(region));
        }
    }

    #[test]
    fn an_id_is_written_as_its_digits() {
        let json = "\"0001027f80ff060708090a0b0c0d0e0f\"";
        let sid = Sid(domain::Sid([0x00, 1, 2, 0x7f, 0x80, 0xff, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]));
        assert_eq!(serde_json::to_string(&sid).unwrap(), json);
        assert_eq!(serde_json::from_str::<Sid>(json).unwrap(), sid);
        // A library may give the text in a buffer of its own.
        assert_eq!(serde_json::from_value::<Sid>(serde_json::from_str(json).unwrap()).unwrap(), sid);
        assert!(serde_json::from_str::<Sid>("\"0001027F80FF060708090A0B0C0D0E0F\"").is_err());
    }

    #[test]
    fn an_amount_is_whole_exact_and_not_negative() {
        let vnd = |text| serde_json::from_str::<Vnd>(text).ok().map(|Vnd(amount)| amount.get());
        assert_eq!(vnd("9007199254740991"), Some(domain::VND_MAX));
        for text in ["-1", "9007199254740992", "1.5", "\"1\"", "null"] {
            assert_eq!(vnd(text), None, "{text}");
        }
    }
}
