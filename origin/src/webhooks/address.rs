//! Where a delivery may go: to addresses of the public internet, and to no machine beside the origin. A name is looked up
//! by the resolver here, and the connection goes to the addresses that were checked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

/// Longer than addresses of services are.
const URL_CHARS_MAX: usize = 1_024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum UrlRefused {
    #[error("this is not an address that begins with https://")]
    NotHttps,
    #[error("this is longer than an address may be")]
    TooLong,
    #[error("the address must hold no user, password or part after #")]
    TooMuch,
    #[error("the address is of a private network or of this machine")]
    NotGlobal,
}

/// The address of an endpoint, if deliveries may go there. `this_machine` allows the machine itself, for tests.
pub(crate) fn checked_url(text: &str, this_machine: bool) -> Result<Url, UrlRefused> {
    if text.chars().count() > URL_CHARS_MAX {
        return Err(UrlRefused::TooLong);
    }
    let url = Url::parse(text).map_err(|_| UrlRefused::NotHttps)?;
    let host = url.host_str().ok_or(UrlRefused::NotHttps)?;
    let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    if literal.is_some_and(|ip| !is_allowed(ip, this_machine)) {
        return Err(UrlRefused::NotGlobal);
    }
    let on_this_machine = literal.map_or(host == "localhost", |ip| ip.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if this_machine && on_this_machine => {}
        _ => return Err(UrlRefused::NotHttps),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(UrlRefused::TooMuch);
    }
    Ok(url)
}

fn is_allowed(ip: IpAddr, this_machine: bool) -> bool {
    this_machine && ip.is_loopback() || is_global(ip)
}

/// Whether the address is one of the public internet. The standard library's own answer is not stable yet.
fn is_global(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_global_v4(ip),
        IpAddr::V6(ip) => is_global_v6(ip),
    }
}

/// IANA's register of special addresses, and multicast.
fn is_global_v4(ip: Ipv4Addr) -> bool {
    const SPECIAL: [(Ipv4Addr, u32); 15] = [
        (Ipv4Addr::new(0, 0, 0, 0), 8),
        (Ipv4Addr::new(10, 0, 0, 0), 8),
        (Ipv4Addr::new(100, 64, 0, 0), 10),
        (Ipv4Addr::new(127, 0, 0, 0), 8),
        (Ipv4Addr::new(169, 254, 0, 0), 16),
        (Ipv4Addr::new(172, 16, 0, 0), 12),
        (Ipv4Addr::new(192, 0, 0, 0), 24),
        (Ipv4Addr::new(192, 0, 2, 0), 24),
        (Ipv4Addr::new(192, 88, 99, 0), 24),
        (Ipv4Addr::new(192, 168, 0, 0), 16),
        (Ipv4Addr::new(198, 18, 0, 0), 15),
        (Ipv4Addr::new(198, 51, 100, 0), 24),
        (Ipv4Addr::new(203, 0, 113, 0), 24),
        (Ipv4Addr::new(224, 0, 0, 0), 4),
        (Ipv4Addr::new(240, 0, 0, 0), 4),
    ];
    !SPECIAL.iter().any(|(network, bits)| (ip.to_bits() ^ network.to_bits()) >> (32 - bits) == 0)
}

/// Only global unicast, `2000::/3`. That leaves out mapped IPv4 addresses and NAT64; of the rest it leaves out what leads
/// to IPv4 addresses (Teredo, 6to4) and what is for documents.
fn is_global_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    let special = matches!((first, second), (0x2001, 0..0x200 | 0xdb8) | (0x2002, _) | (0x3fff, 0..0x1000));
    first & 0xe000 == 0x2000 && !special
}

/// Looks names up by the system, and gives only addresses that deliveries may go to.
pub(super) struct CheckingResolver {
    pub(super) this_machine: bool,
}

#[derive(Debug, Error)]
#[error("the name leads to a private network or to this machine")]
struct NoAllowedAddress;

impl Resolve for CheckingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this_machine = self.this_machine;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| is_allowed(address.ip(), this_machine)).collect();
            if allowed.is_empty() {
                return Err(NoAllowedAddress.into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_allowed() {
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_global(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2400:cb00::1",
            "2606:4700::1111",
            "2001:200::1",
            "2a00:1450:4009::1",
        ] {
            assert!(is_global(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn an_address_is_https_and_not_of_this_machine_in_any_spelling() {
        checked_url("https://shop.example/hook?shop=1", false).unwrap();
        checked_url("https://1.1.1.1:8443/", false).unwrap();
        for (text, refused) in [
            ("http://shop.example/hook", UrlRefused::NotHttps),
            ("ftp://shop.example/hook", UrlRefused::NotHttps),
            ("shop.example/hook", UrlRefused::NotHttps),
            ("", UrlRefused::NotHttps),
            ("https://an:secret@shop.example/", UrlRefused::TooMuch),
            ("https://an@shop.example/", UrlRefused::TooMuch),
            ("https://shop.example/#part", UrlRefused::TooMuch),
            ("https://127.0.0.1/", UrlRefused::NotGlobal),
            ("https://127.1/", UrlRefused::NotGlobal),
            ("https://2130706433/", UrlRefused::NotGlobal),
            ("https://0x7f.0.0.1/", UrlRefused::NotGlobal),
            ("https://0177.0.0.1/", UrlRefused::NotGlobal),
            ("https://[::1]/", UrlRefused::NotGlobal),
            ("https://[::ffff:10.0.0.1]/", UrlRefused::NotGlobal),
            ("https://169.254.169.254/latest/meta-data", UrlRefused::NotGlobal),
            ("https://１０.0.0.1/", UrlRefused::NotGlobal),
        ] {
            assert_eq!(checked_url(text, false), Err(refused), "{text}");
        }
        let long = format!("https://shop.example/{}", "a".repeat(URL_CHARS_MAX));
        assert_eq!(checked_url(&long, false), Err(UrlRefused::TooLong));
    }

    #[test]
    fn this_machine_is_allowed_by_a_setting_alone_and_no_other_private_address_with_it() {
        for text in ["http://127.0.0.1:9000/hook", "http://localhost:9000/", "http://[::1]/", "https://127.0.0.1/"] {
            checked_url(text, true).unwrap();
        }
        assert_eq!(checked_url("http://shop.example/", true), Err(UrlRefused::NotHttps));
        assert_eq!(checked_url("http://10.0.0.1/", true), Err(UrlRefused::NotGlobal));
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_connected_to() {
        let resolve = |this_machine| CheckingResolver { this_machine }.resolve("localhost".parse().unwrap());
        let refused = resolve(false).await.err().unwrap();
        assert!(refused.to_string().contains("private network"), "{refused}");
        assert!(resolve(true).await.unwrap().all(|address| address.ip().is_loopback()));
    }
}
