//! Networks in CIDR notation.

use std::net::IpAddr;

use super::arguments::{argument, as_items, as_text, text};
use super::{Outcome, Problem, Row};
use crate::EvalError;
use crate::budget::Budget;
use crate::value::Value;

/// More addresses than this are not written out.
const MAX_ADDRESSES: u128 = 1 << 17;

pub(super) const ROWS: &[Row] = &[
    ("net.cidr_contains", 2, |_, values| {
        let (outer, inner) = (network(text(values, 0)?)?, network_or_address(text(values, 1)?)?);
        Ok(Value::Bool(outer.contains(inner)))
    }),
    ("net.cidr_overlap", 2, |_, values| {
        let (outer, inner) = (network(text(values, 0)?)?, network_or_address(text(values, 1)?)?);
        Ok(Value::Bool(outer.contains(inner)))
    }),
    ("net.cidr_intersects", 2, |_, values| {
        let (left, right) = (network(text(values, 0)?)?, network(text(values, 1)?)?);
        Ok(Value::Bool(left.contains(right) || right.contains(left)))
    }),
    ("net.cidr_is_valid", 1, |_, values| match argument(values, 0)? {
        Value::String(text) => Ok(Value::Bool(network(text).is_ok())),
        _ => Ok(Value::Bool(false)),
    }),
    ("net.cidr_contains_matches", 2, contains_matches),
    ("net.cidr_expand", 1, expand),
    ("net.cidr_merge", 1, merge),
];

/// A network: its bits from the left, of 32 or 128.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Network {
    width: u32,
    first: u128,
    prefix: u32,
}

impl Network {
    fn new(address: IpAddr, prefix: u32) -> Option<Self> {
        let (width, bits) = match address {
            IpAddr::V4(address) => (32, u128::from(u32::from(address))),
            IpAddr::V6(address) => (128, u128::from(address)),
        };
        if prefix > width {
            return None;
        }
        let network = Self { width, first: bits, prefix };
        Some(Self { first: bits & !network.rest(), ..network })
    }

    /// The bits that addresses of the network differ in.
    fn rest(self) -> u128 {
        let free = self.width - self.prefix;
        if free >= 128 { u128::MAX } else { (1_u128 << free) - 1 }
    }

    fn last(self) -> u128 {
        self.first | self.rest()
    }

    fn contains(self, other: Self) -> bool {
        self.width == other.width && self.first <= other.first && other.last() <= self.last()
    }

    /// Whether they overlap, or one begins where the other ends.
    fn touches(self, other: Self) -> bool {
        self.width == other.width
            && self.first <= other.last().saturating_add(1)
            && other.first <= self.last().saturating_add(1)
    }

    fn address(self, bits: u128) -> String {
        if self.width == 32 {
            std::net::Ipv4Addr::from(u32::try_from(bits).unwrap_or(0)).to_string()
        } else {
            std::net::Ipv6Addr::from(bits).to_string()
        }
    }
}

fn network(text: &str) -> Result<Network, Problem> {
    let (address, prefix) = text.split_once('/').ok_or(Problem::Undefined)?;
    let well_written = !prefix.is_empty() && prefix.len() <= 3 && prefix.bytes().all(|byte| byte.is_ascii_digit());
    if !well_written {
        return Err(Problem::Undefined);
    }
    let prefix = prefix.parse().map_err(|_| Problem::Undefined)?;
    let address = address.parse().map_err(|_| Problem::Undefined)?;
    Network::new(address, prefix).ok_or(Problem::Undefined)
}

fn network_or_address(text: &str) -> Result<Network, Problem> {
    if text.contains('/') {
        return network(text);
    }
    // An IPv4 address stays one when it is written as IPv6.
    let address: IpAddr = text.parse().map_err(|_| Problem::Undefined)?;
    let address = address.to_canonical();
    let width = if address.is_ipv4() { 32 } else { 128 };
    Network::new(address, width).ok_or(Problem::Undefined)
}

/// A network; an address stands for the network of its class, as in the time before CIDR.
fn network_or_class(text: &str) -> Result<Network, Problem> {
    if text.contains('/') {
        return network(text);
    }
    let address: IpAddr = text.parse().map_err(|_| Problem::Undefined)?;
    let IpAddr::V4(address) = address.to_canonical() else { return Err(Problem::Undefined) };
    let prefix = match address.octets()[0] {
        0..128 => 8,
        128..192 => 16,
        192.. => 24,
    };
    Network::new(address.into(), prefix).ok_or(Problem::Undefined)
}

/// The elements of a text or a collection, each with what names it in the result; nothing else has any.
fn named(value: &Value) -> Vec<(Value, &Value)> {
    match value {
        Value::String(_) => vec![(value.clone(), value)],
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (Value::count(index), item)).collect(),
        Value::Set(set) => set.items().iter().map(|item| (item.clone(), item)).collect(),
        Value::Object(object) => object.pairs().iter().map(|(key, item)| (key.clone(), item)).collect(),
        _ => vec![],
    }
}

/// A text, or the first of a list.
fn first_text(value: &Value) -> Result<&str, Problem> {
    match value {
        Value::String(text) => Ok(text),
        Value::Array(items) => as_text(items.first().ok_or(Problem::Undefined)?).map(AsRef::as_ref),
        _ => Err(Problem::Undefined),
    }
}

/// Which of the first contain which of the second. A text that is no network counts when it is compared, not before.
fn contains_matches(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (outer, inner) = (named(argument(values, 0)?), named(argument(values, 1)?));
    budget.items(outer.len().saturating_mul(inner.len()))?;
    let mut found = Vec::new();
    for (left, network) in &outer {
        let outer = first_text(network)?;
        for (right, other) in &inner {
            if self::network(outer)?.contains(network_or_address(first_text(other)?)?) {
                found.push(Value::array(vec![left.clone(), right.clone()]));
            }
        }
    }
    Ok(Value::set(found))
}

fn expand(budget: &mut Budget, values: &[Value]) -> Outcome {
    let network = network(text(values, 0)?)?;
    if network.rest() >= MAX_ADDRESSES {
        return Err(EvalError::Size(format!("a network of more than {MAX_ADDRESSES} addresses")).into());
    }
    budget.items(usize::try_from(network.rest()).unwrap_or(0).saturating_add(1).saturating_mul(2))?;
    let addresses = (network.first..=network.last()).map(|bits| Value::from(network.address(bits)));
    Ok(Value::set(addresses.collect()))
}

fn merge(budget: &mut Budget, values: &[Value]) -> Outcome {
    let (mut networks, mut addresses) = (Vec::new(), Vec::new());
    for item in as_items(argument(values, 0)?)? {
        let Value::String(text) = item else { return Err(Problem::Undefined) };
        let network = network_or_class(text)?;
        if !text.contains('/') {
            addresses.push((network, text));
        }
        networks.push(network);
    }
    budget.items(networks.len().saturating_mul(8 + addresses.len()))?;
    // An address that nothing is beside of keeps its digits.
    addresses.retain(|(network, _)| networks.iter().filter(|other| network.touches(**other)).count() == 1);
    networks.sort();
    let mut merged: Vec<Network> = Vec::new();
    for network in networks {
        if merged.last().is_some_and(|last| last.contains(network)) {
            continue;
        }
        merged.push(network);
        // Two halves are one network.
        while let [.., left, right] = merged.as_slice() {
            let (left, right) = (*left, *right);
            let joined = left.prefix.checked_sub(1).map(|prefix| Network { prefix, ..left });
            let Some(joined) = joined.filter(|_| left.prefix == right.prefix && left.width == right.width) else {
                break;
            };
            if joined.first & joined.rest() != 0 || joined.last() != right.last() {
                break;
            }
            merged.truncate(merged.len() - 2);
            merged.push(joined);
        }
    }
    let shown = merged.iter().map(|network| match addresses.iter().find(|(of, _)| of == network) {
        Some((_, text)) => format!("{}/{}", text.rsplit(':').next().unwrap_or(text), network.prefix),
        None => format!("{}/{}", network.address(network.first), network.prefix),
    });
    Ok(Value::set(shown.map(Value::from).collect()))
}
