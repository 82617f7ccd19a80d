//! Addresses and networks of machines (CIDR, RFC 4632, RFC 4291), parsed strictly.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Shortest prefix taken, in bits: a wider network is nobody's own.
const MIN_PREFIX: u8 = 8;

/// One machine's address, or a network of at most 2^24 IPv4 or 2^120 IPv6 addresses. IPv4 only in its own
/// form, never as IPv6 (`::ffff:192.0.2.1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    prefix: u8,
}

/// Why a text is no [`Network`]. Each says what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Neither an address nor `address/prefix`.
    #[error("write an address such as 192.0.2.7 or a network such as 192.0.2.0/28")]
    Syntax,
    /// `0.0.0.0/0` or `::/0`.
    #[error("that is every machine there is: list the addresses one by one")]
    Everybody,
    /// Wider than any network of one organisation.
    #[error("that network is too wide (less than /{MIN_PREFIX}): list the addresses one by one")]
    TooWide,
    /// The address is not the network's first one.
    #[error("an address within a network was given; write {0} for the network, or the address alone")]
    HostBits(Network),
    /// An IPv4 address written as IPv6.
    #[error("write the IPv4 address itself, such as 192.0.2.7")]
    MappedV4,
}

impl Network {
    /// Whether the machine is in the network. IPv4 addresses in IPv6 form count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && masked(address, self.prefix) == bits(self.first)
    }

    /// Whether every machine in it is this machine itself.
    pub fn is_loopback(&self) -> bool {
        let whole = match self.first {
            IpAddr::V4(_) => 8,
            IpAddr::V6(_) => 128,
        };
        self.first.is_loopback() && self.prefix >= whole
    }

    /// How many addresses it has, as a power of two.
    pub fn size_log2(&self) -> u8 {
        width(self.first) - self.prefix
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Syntax)?;
        if address.to_canonical() != address {
            return Err(NetworkError::MappedV4);
        }
        let prefix = match prefix {
            None => width(address),
            Some(digits) => prefix_of(digits)
                .filter(|prefix| *prefix <= width(address))
                .ok_or(NetworkError::Syntax)?,
        };
        match prefix {
            0 => return Err(NetworkError::Everybody),
            1..MIN_PREFIX => return Err(NetworkError::TooWide),
            MIN_PREFIX.. => {}
        }
        let first = masked(address, prefix);
        let network = Self {
            first: with_bits(address, first),
            prefix,
        };
        match first == bits(address) {
            true => Ok(network),
            false => Err(NetworkError::HostBits(network)),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix == width(self.first) {
            true => write!(f, "{}", self.first),
            false => write!(f, "{}/{}", self.first, self.prefix),
        }
    }
}

/// Digits only: no sign, no blank, no leading zero.
fn prefix_of(digits: &str) -> Option<u8> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    plain.then(|| digits.parse().ok()).flatten()
}

fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The address as a number; an IPv4 address in the highest 32 bits.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn masked(address: IpAddr, prefix: u8) -> u128 {
    let rest = u32::from(128 - prefix.min(128));
    bits(address) & u128::MAX.checked_shl(rest).unwrap_or(0)
}

/// The inverse of [`bits`], in the family of `like`.
fn with_bits(like: IpAddr, bits: u128) -> IpAddr {
    match like {
        IpAddr::V4(_) => IpAddr::V4(u32::try_from(bits >> 96).unwrap_or_default().into()),
        IpAddr::V6(_) => IpAddr::V6(bits.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn who_is_in_a_network() {
        for (text, inside, outside) in [
            (
                "127.0.0.1",
                &["127.0.0.1", "::ffff:127.0.0.1"][..],
                &["127.0.0.2", "::1"][..],
            ),
            (
                "192.0.2.0/28",
                &["192.0.2.0", "192.0.2.15"],
                &["192.0.2.16", "192.0.1.255", "::c000:200"],
            ),
            ("10.0.0.0/8", &["10.255.255.255"], &["11.0.0.0"]),
            ("192.0.2.7/32", &["192.0.2.7"], &["192.0.2.6"]),
            ("::1", &["::1"], &["::2", "127.0.0.1", "0.0.0.1"]),
            (
                "2001:db8:1::/48",
                &["2001:db8:1:ffff::9"],
                &["2001:db8:2::1", "32.1.13.184"],
            ),
        ] {
            let network = network(text);
            for address in inside {
                assert!(
                    network.contains(address.parse().expect("address")),
                    "{address} in {text}"
                );
            }
            for address in outside {
                assert!(
                    !network.contains(address.parse().expect("address")),
                    "{address} not in {text}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_network_is_refused_with_what_to_write() {
        use NetworkError::{Everybody, HostBits, MappedV4, Syntax, TooWide};
        for (text, error) in [
            ("0.0.0.0/0", Everybody),
            ("::/0", Everybody),
            ("192.0.2.1/0", Everybody),
            ("0.0.0.0/1", TooWide),
            ("2000::/3", TooWide),
            ("192.0.2.7/28", HostBits(network("192.0.2.0/28"))),
            ("::ffff:192.0.2.1", MappedV4),
            ("::ffff:0.0.0.0/96", MappedV4),
            ("", Syntax),
            ("localhost", Syntax),
            ("192.0.2", Syntax),
            ("192.0.2.0/", Syntax),
            ("192.0.2.0/33", Syntax),
            ("192.0.2.0/+8", Syntax),
            ("192.0.2.0/08", Syntax),
            ("192.0.2.0/ 8", Syntax),
            ("192.0.2.0/256", Syntax),
            ("192.0.2.0/255.255.255.0", Syntax),
            ("192.0.2.0/24/24", Syntax),
            ("192.0.2.010", Syntax),
            (" 192.0.2.1", Syntax),
            ("192.0.2.1:25", Syntax),
            ("[::1]", Syntax),
            ("fe80::1%eth0", Syntax),
            ("*", Syntax),
        ] {
            assert_eq!(text.parse::<Network>(), Err(error), "{text}");
        }
        assert!(
            NetworkError::HostBits(network("192.0.2.0/28"))
                .to_string()
                .contains("write 192.0.2.0/28")
        );
    }

    #[test]
    fn a_network_is_written_as_it_was_read_and_knows_its_size() {
        for (text, log2) in [
            ("192.0.2.7", 0),
            ("192.0.2.0/28", 4),
            ("::1", 0),
            ("2001:db8::/32", 96),
        ] {
            assert_eq!(
                (network(text).to_string().as_str(), network(text).size_log2()),
                (text, log2)
            );
        }
        assert!(network("127.0.0.0/8").is_loopback() && network("::1").is_loopback());
        assert!(!network("fd00::/8").is_loopback() && !network("192.0.2.7").is_loopback());
    }
}
