//! `ip()` and `cidr()`: addresses and prefixes as Go's `net/netip` reads them, without zones and without
//! IPv4-mapped IPv6.

use super::quote::go_quote;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IPv4 or IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ip(IpAddr);

/// An address with a prefix length; bits after the prefix may be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cidr {
    address: Ip,
    prefix_length: u8,
}

/// Why a text is not an address or prefix, in the words of the API server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IpError(String);

impl Ip {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// Not an address, one with a zone (`fe80::1%eth0`), or an IPv4-mapped IPv6 address (`::ffff:1.2.3.4`).
    pub fn parse(text: &str) -> Result<Self, IpError> {
        let (address, zone) = parse_address(text).map_err(|error| {
            IpError(format!(
                "IP Address {} parse error during conversion from string: {error}",
                go_quote(text)
            ))
        })?;
        if zone {
            return Err(IpError(format!(
                "IP address {} with zone value is not allowed",
                go_quote(text)
            )));
        }
        refuse_mapped(address, text)?;
        Ok(Self(address))
    }

    /// `ip.isCanonical(text)`: whether the address in `text` is written in its canonical form.
    ///
    /// # Errors
    ///
    /// As [`Ip::parse`].
    pub fn is_canonical(text: &str) -> Result<bool, IpError> {
        Ok(Self::parse(text)?.to_string() == text)
    }

    /// 4 or 6.
    pub fn family(self) -> i64 {
        if self.0.is_ipv4() { 4 } else { 6 }
    }

    /// `0.0.0.0` or `::`.
    pub fn is_unspecified(self) -> bool {
        self.0.is_unspecified()
    }

    /// `127.0.0.0/8` or `::1`.
    pub fn is_loopback(self) -> bool {
        self.0.is_loopback()
    }

    /// `224.0.0.0/24` or `ff?2::/16`.
    pub fn is_link_local_multicast(self) -> bool {
        match self.0 {
            IpAddr::V4(v4) => v4.octets()[..3] == [224, 0, 0],
            IpAddr::V6(v6) => v6.segments()[0] & 0xff0f == 0xff02,
        }
    }

    /// `169.254.0.0/16` or `fe80::/10`.
    pub fn is_link_local_unicast(self) -> bool {
        match self.0 {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        }
    }

    /// Neither unspecified, loopback, multicast, link-local nor the IPv4 broadcast address; private addresses count.
    pub fn is_global_unicast(self) -> bool {
        let broadcast = matches!(self.0, IpAddr::V4(v4) if v4.is_broadcast());
        !(broadcast
            || self.0.is_unspecified()
            || self.0.is_loopback()
            || self.0.is_multicast()
            || self.is_link_local_unicast())
    }

    /// The address as a number and its width in bits.
    fn bits(self) -> (u128, u8) {
        match self.0 {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        }
    }
}

impl fmt::Display for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Cidr {
    /// Reads `address/length`.
    ///
    /// # Errors
    ///
    /// Not an address, a length with a sign, a leading zero or out of range, a zone, or IPv4-mapped IPv6.
    pub fn parse(text: &str) -> Result<Self, IpError> {
        let refused = |reason: String| {
            let context = "network address parse error during conversion from string: ";
            IpError(format!(
                "{context}{context}netip.ParsePrefix({}): {reason}",
                go_quote(text)
            ))
        };
        let (address, length) = text
            .rsplit_once('/')
            .ok_or_else(|| refused("no '/'".to_owned()))?;
        let (address, zone) = parse_address(address).map_err(&refused)?;
        if zone {
            return Err(refused("IPv6 zones cannot be present in a prefix".to_owned()));
        }
        let signed = length.starts_with(['-', '+']);
        let padded = length.len() > 1 && length.starts_with('0');
        let number: Option<u64> = length.parse().ok().filter(|_| !signed && !padded);
        // Only digits that are out of range reach the second message, as upstream.
        let number = number.ok_or_else(|| refused(format!("bad bits after slash: {}", go_quote(length))))?;
        let width = Ip(address).bits().1;
        let prefix_length = u8::try_from(number)
            .ok()
            .filter(|length| *length <= width)
            .ok_or_else(|| refused("prefix length out of range".to_owned()))?;
        refuse_mapped(address, text).map_err(|error| {
            IpError(format!(
                "network address parse error during conversion from string: {error}"
            ))
        })?;
        Ok(Self {
            address: Ip(address),
            prefix_length,
        })
    }

    /// The address as written, host bits included.
    pub fn ip(self) -> Ip {
        self.address
    }

    /// The number of leading bits that are fixed.
    pub fn prefix_length(self) -> i64 {
        i64::from(self.prefix_length)
    }

    /// The same prefix with all host bits zero.
    #[must_use]
    pub fn masked(self) -> Self {
        let masked = self.network(self.address);
        let address = match self.address.0 {
            // An IPv4 address fills the low 32 bits.
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(masked).unwrap_or_default())),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(masked)),
        };
        Self {
            address: Ip(address),
            ..self
        }
    }

    /// Whether `ip` is of the same family and inside the prefix.
    pub fn contains_ip(self, ip: Ip) -> bool {
        self.address.family() == ip.family() && self.network(ip) == self.network(self.address)
    }

    /// Whether all of `other` is inside this prefix.
    pub fn contains_cidr(self, other: Self) -> bool {
        self.prefix_length <= other.prefix_length && self.contains_ip(other.address)
    }

    /// The bits of `ip` with everything after this prefix cleared.
    fn network(self, ip: Ip) -> u128 {
        let (bits, width) = ip.bits();
        let host_bits = u32::from(width.saturating_sub(self.prefix_length));
        bits.checked_shr(host_bits)
            .and_then(|kept| kept.checked_shl(host_bits))
            .unwrap_or(0)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_length)
    }
}

fn refuse_mapped(address: IpAddr, text: &str) -> Result<(), IpError> {
    match address {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => Err(IpError(format!(
            "IPv4-mapped IPv6 address {} is not allowed",
            go_quote(text)
        ))),
        _ => Ok(()),
    }
}

/// Reads an address and says whether it has a zone; the error is worded as Go's `netip.ParseAddr` does.
pub(super) fn parse_address(text: &str) -> Result<(IpAddr, bool), String> {
    let refused = |(reason, at): Refusal| {
        let at = if at.is_empty() {
            String::new()
        } else {
            format!(" (at {})", go_quote(at))
        };
        format!("ParseAddr({}): {reason}{at}", go_quote(text))
    };
    match text.find(['.', ':', '%']).map(|at| text.as_bytes()[at]) {
        Some(b'.') => {
            let octets = parse_v4(text).map_err(refused)?;
            Ok((IpAddr::from(octets), false))
        }
        Some(b':') => {
            let (address, zone) = match text.split_once('%') {
                Some((_, "")) => return Err(refused(("zone must be a non-empty string", ""))),
                Some((address, _)) => (address, true),
                None => (text, false),
            };
            Ok((IpAddr::from(parse_v6(address).map_err(refused)?), zone))
        }
        Some(_) => Err(refused(("missing IPv6 address", ""))),
        None => Err(refused(("unable to parse IP", ""))),
    }
}

/// What is wrong, and the rest of the text from where it is (empty: not said).
type Refusal<'t> = (&'static str, &'t str);

fn parse_v4(text: &str) -> Result<[u8; 4], Refusal<'_>> {
    let mut octets = [0; 4];
    let mut position = 0;
    let mut octet: Option<u8> = None;
    for (index, byte) in text.bytes().enumerate() {
        let rest = text.get(index..).unwrap_or_default();
        match byte {
            b'0'..=b'9' => {
                if octet == Some(0) {
                    return Err(("IPv4 field has octet with leading zero", ""));
                }
                let value = octet
                    .unwrap_or(0)
                    .checked_mul(10)
                    .and_then(|tens| tens.checked_add(byte - b'0'));
                octet = Some(value.ok_or(("IPv4 field has value >255", ""))?);
            }
            b'.' => {
                let value = octet.take().filter(|_| index + 1 < text.len());
                let value = value.ok_or(("IPv4 field must have at least one digit", rest))?;
                if position == 3 {
                    return Err(("IPv4 address too long", ""));
                }
                octets[position] = value;
                position += 1;
            }
            _ => return Err(("unexpected character", rest)),
        }
    }
    match octet {
        Some(value) if position == 3 => octets[3] = value,
        _ => return Err(("IPv4 address too short", "")),
    }
    Ok(octets)
}

fn parse_v6(text: &str) -> Result<[u8; 16], Refusal<'_>> {
    let mut bytes = [0; 16];
    let mut filled = 0;
    let mut gap = None;
    let mut rest = text;
    if let Some(after) = rest.strip_prefix("::") {
        gap = Some(0);
        rest = after;
        if rest.is_empty() {
            return Ok(bytes);
        }
    }
    while filled < 16 {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if digits > 4 {
            return Err(("each group must have 4 or less digits", rest));
        }
        if digits == 0 {
            return Err(("each colon-separated field must have at least one digit", rest));
        }
        let (group, after) = rest.split_at(digits);
        if after.starts_with('.') {
            if gap.is_none() && filled != 12 {
                return Err((
                    "embedded IPv4 address must replace the final 2 fields of the address",
                    rest,
                ));
            }
            if filled + 4 > 16 {
                return Err((
                    "too many hex fields to fit an embedded IPv4 at the end of the address",
                    rest,
                ));
            }
            bytes[filled..filled + 4].copy_from_slice(&parse_v4(rest)?);
            filled += 4;
            rest = "";
            break;
        }
        let value = u16::from_str_radix(group, 16).map_err(|_| ("IPv6 field has value >=2^16", rest))?;
        bytes[filled..filled + 2].copy_from_slice(&value.to_be_bytes());
        filled += 2;
        rest = after;
        if rest.is_empty() {
            break;
        }
        let Some(after) = rest.strip_prefix(':') else {
            return Err(("unexpected character, want colon", rest));
        };
        if after.is_empty() {
            return Err(("colon must be followed by more characters", rest));
        }
        rest = after;
        if let Some(after) = rest.strip_prefix(':') {
            if gap.is_some() {
                return Err(("multiple :: in address", rest));
            }
            gap = Some(filled);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
    }
    if !rest.is_empty() {
        return Err(("trailing garbage after address", rest));
    }
    match gap {
        None if filled < 16 => return Err(("address string too short", "")),
        Some(_) if filled == 16 => return Err(("the :: must expand to at least one field of zeros", "")),
        Some(gap) => {
            // Everything after the gap belongs at the end.
            bytes.copy_within(gap..filled, 16 - (filled - gap));
            bytes[gap..16 - (filled - gap)].fill(0);
        }
        None => {}
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ip(text: &str) -> Ip {
        Ip::parse(text).unwrap()
    }

    fn cidr(text: &str) -> Cidr {
        Cidr::parse(text).unwrap()
    }

    #[test]
    fn says_why_an_address_is_refused() {
        for (text, reason) in [
            ("10.0.0.256", "IPv4 field has value >255"),
            ("10.0.0.01", "IPv4 field has octet with leading zero"),
            ("10.0.0", "IPv4 address too short"),
            ("10.0..1", "IPv4 field must have at least one digit (at \".1\")"),
            ("10.0.0.", "IPv4 field must have at least one digit (at \".\")"),
            ("10.0.0.x", "unexpected character (at \"x\")"),
            ("host", "unable to parse IP"),
            ("%eth0", "missing IPv6 address"),
            ("fe80::1%", "zone must be a non-empty string"),
            (
                "fe80:::1",
                "each colon-separated field must have at least one digit (at \":1\")",
            ),
            ("1:2:3", "address string too short"),
            ("1:2:3:4:5:6:7:8:9", "trailing garbage after address (at \"9\")"),
            (
                "1:2:3:4:5:6:7::8",
                "the :: must expand to at least one field of zeros",
            ),
            ("1::2::3", "multiple :: in address (at \":3\")"),
            (
                "12345::",
                "each group must have 4 or less digits (at \"12345::\")",
            ),
            ("1:", "colon must be followed by more characters (at \":\")"),
            ("1:2g", "unexpected character, want colon (at \"g\")"),
        ] {
            let message = format!(
                "IP Address \"{text}\" parse error during conversion from string: ParseAddr(\"{text}\"): {reason}"
            );
            assert_eq!(Ip::parse(text).unwrap_err().to_string(), message);
        }
        let zone = Ip::parse("fe80::1%eth0").unwrap_err().to_string();
        assert_eq!(zone, "IP address \"fe80::1%eth0\" with zone value is not allowed");
        let mapped = Ip::parse("::ffff:10.0.0.1").unwrap_err().to_string();
        assert_eq!(
            mapped,
            "IPv4-mapped IPv6 address \"::ffff:10.0.0.1\" is not allowed"
        );
    }

    #[test]
    fn knows_the_canonical_form() {
        assert!(Ip::is_canonical("2001:db8::1").unwrap());
        assert!(!Ip::is_canonical("2001:DB8::1").unwrap());
        assert!(!Ip::is_canonical("2001:db8:0:0::1").unwrap());
        assert_eq!(ip("0:0:1::").to_string(), "0:0:1::");
        assert_eq!(ip("::10.0.0.1").family(), 6);
    }

    #[test]
    fn classifies_addresses() {
        assert!(ip("10.1.2.3").is_global_unicast());
        assert!(!ip("255.255.255.255").is_global_unicast());
        assert!(!ip("239.1.1.1").is_global_unicast());
        assert!(ip("224.0.0.251").is_link_local_multicast());
        assert!(!ip("224.0.1.1").is_link_local_multicast());
        assert!(ip("ff12::1").is_link_local_multicast());
        assert!(ip("febf::1").is_link_local_unicast());
        assert!(ip("127.9.9.9").is_loopback());
        assert!(ip("::").is_unspecified());
    }

    #[test]
    fn contains_by_prefix() {
        let net = cidr("10.20.0.7/16");
        assert!(net.contains_ip(ip("10.20.255.1")));
        assert!(!net.contains_ip(ip("10.21.0.1")));
        assert!(!net.contains_ip(ip("::10.20.0.1")));
        assert!(net.contains_cidr(cidr("10.20.128.0/17")));
        assert!(!net.contains_cidr(cidr("10.0.0.0/8")));
        assert_eq!(net.masked().to_string(), "10.20.0.0/16");
        assert_eq!(net.to_string(), "10.20.0.7/16");
        assert!(cidr("0.0.0.0/0").contains_ip(ip("200.1.1.1")));
        assert!(cidr("::/0").contains_ip(ip("fd00::1")));
        assert_eq!(cidr("fd00:1:2::3/32").masked().to_string(), "fd00:1::/32");
    }

    #[test]
    fn says_why_a_prefix_is_refused() {
        for (text, reason) in [
            ("10.0.0.0", "no '/'"),
            ("10.0.0.0/33", "prefix length out of range"),
            ("10.0.0.0/08", "bad bits after slash: \"08\""),
            ("10.0.0.0/+8", "bad bits after slash: \"+8\""),
            ("10.0.0.0/", "bad bits after slash: \"\""),
            ("fe80::1%a/64", "IPv6 zones cannot be present in a prefix"),
            ("10.0.0/8", "ParseAddr(\"10.0.0\"): IPv4 address too short"),
        ] {
            let message = Cidr::parse(text).unwrap_err().to_string();
            assert!(
                message.ends_with(&format!("netip.ParsePrefix(\"{text}\"): {reason}")),
                "{message}"
            );
        }
        assert!(Cidr::parse("::ffff:10.0.0.0/100").is_err());
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_library(text in "[0-9a-f:.]{0,20}|([0-9a-f]{0,4}:){2,8}[0-9a-f]{0,4}|\\PC{0,8}") {
            let mine = parse_address(&text).map(|(address, _)| address).ok();
            prop_assert_eq!(mine, text.parse::<IpAddr>().ok(), "{}", text);
        }
    }
}
