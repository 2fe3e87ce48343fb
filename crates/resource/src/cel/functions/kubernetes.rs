//! What Kubernetes adds: links, addresses, networks, quantities, versions, formats.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::{Answer, one_text, texts};
use crate::cel::eval::{Arguments, Fault};
use crate::cel::extension::Extension;
use crate::cel::named_format::NamedFormat;
use crate::cel::network::{self, Cidr, Url};
use crate::cel::semver::Semver;
use crate::cel::value::{Key, Value};
use crate::quantity::Quantity;

fn made<'a>(extension: Extension) -> Value<'a> {
    Value::Extension(Arc::new(extension))
}

fn extension<'x>(arguments: &'x Arguments<'_, '_>, index: usize) -> Result<&'x Extension, Fault> {
    match arguments.get(index) {
        Some(Value::Extension(extension)) => Ok(extension),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn format_value<'a>(format: NamedFormat) -> Value<'a> {
    made(Extension::Format(format))
}

pub(in crate::cel) fn pattern_size(extension: &Extension) -> u64 {
    if let Extension::Format(format) = extension { format.pattern_size() } else { 1 }
}

// Links

pub(in crate::cel) fn url<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let parsed = Url::parse(one_text(arguments)?);
    let fault = |fault| Fault::Said(format!("URL parse error during conversion from string: {fault}"));
    parsed.map(|url| made(Extension::Url(url))).map_err(fault)
}

pub(in crate::cel) fn is_url<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    one_text(arguments).map(|text| Value::Bool(Url::parse(text).is_ok()))
}

fn of_url<'a>(arguments: &Arguments<'a, '_>, part: impl FnOnce(&Url) -> Value<'a>) -> Answer<'a> {
    match extension(arguments, 0)? {
        Extension::Url(url) => Ok(part(url)),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn url_scheme<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_url(arguments, |url| Value::text(url.scheme.as_str()))
}

pub(in crate::cel) fn url_host<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_url(arguments, |url| Value::text(url.host.as_str()))
}

pub(in crate::cel) fn url_hostname<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_url(arguments, |url| Value::text(url.hostname()))
}

pub(in crate::cel) fn url_port<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_url(arguments, |url| Value::text(url.port()))
}

pub(in crate::cel) fn url_path<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_url(arguments, |url| Value::text(url.path.as_str()))
}

pub(in crate::cel) fn url_query<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_url(arguments, |url| {
        let entries = url.query().into_iter().map(|(key, values)| (Key::String(key.into()), texts(values)));
        Value::map(entries.collect::<BTreeMap<_, _>>())
    })
}

// Addresses and networks

pub(in crate::cel) fn ip<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    if let Ok(Extension::Cidr(network)) = extension(arguments, 0) {
        return Ok(made(Extension::Ip(network.address)));
    }
    Ok(made(Extension::Ip(network::parse_ip(one_text(arguments)?)?)))
}

pub(in crate::cel) fn is_ip<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    one_text(arguments).map(|text| Value::Bool(network::parse_ip(text).is_ok()))
}

pub(in crate::cel) fn is_canonical<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let text = one_text(arguments)?;
    Ok(Value::Bool(network::parse_ip(text)?.to_string() == text))
}

fn of_ip<'a>(arguments: &Arguments<'a, '_>, of: impl FnOnce(IpAddr) -> Value<'a>) -> Answer<'a> {
    match extension(arguments, 0)? {
        Extension::Ip(address) => Ok(of(*address)),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn ip_family<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_ip(arguments, |address| Value::Int(if address.is_ipv4() { 4 } else { 6 }))
}

pub(in crate::cel) fn ip_is_unspecified<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_ip(arguments, |address| Value::Bool(address.is_unspecified()))
}

pub(in crate::cel) fn ip_is_loopback<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_ip(arguments, |address| Value::Bool(address.is_loopback()))
}

pub(in crate::cel) fn ip_is_link_local_multicast<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_ip(arguments, |address| Value::Bool(network::is_link_local_multicast(address)))
}

pub(in crate::cel) fn ip_is_link_local<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_ip(arguments, |address| Value::Bool(network::is_link_local(address)))
}

pub(in crate::cel) fn ip_is_global<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_ip(arguments, |address| Value::Bool(network::is_global(address)))
}

fn parse_cidr(text: &str) -> Result<Cidr, Fault> {
    Cidr::parse(text)
        .map_err(|fault| Fault::Said(format!("network address parse error during conversion from string: {fault}")))
}

pub(in crate::cel) fn cidr<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    Ok(made(Extension::Cidr(parse_cidr(one_text(arguments)?)?)))
}

pub(in crate::cel) fn is_cidr<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    one_text(arguments).map(|text| Value::Bool(Cidr::parse(text).is_ok()))
}

fn network(arguments: &Arguments<'_, '_>) -> Result<Cidr, Fault> {
    match extension(arguments, 0)? {
        Extension::Cidr(network) => Ok(*network),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn contains_ip<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let network = network(arguments)?;
    let address = match arguments.get(1) {
        Some(Value::String(text)) => network::parse_ip(text.as_str())?,
        _ => match extension(arguments, 1)? {
            Extension::Ip(address) => *address,
            _ => return Err(Fault::Overload),
        },
    };
    Ok(Value::Bool(network.contains(address)))
}

pub(in crate::cel) fn contains_cidr<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let network = network(arguments)?;
    let other = match arguments.get(1) {
        Some(Value::String(text)) => parse_cidr(text.as_str())?,
        _ => match extension(arguments, 1)? {
            Extension::Cidr(other) => *other,
            _ => return Err(Fault::Overload),
        },
    };
    Ok(Value::Bool(network.contains_network(other)))
}

pub(in crate::cel) fn prefix_length<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    network(arguments).map(|network| Value::Int(i64::from(network.bits)))
}

pub(in crate::cel) fn masked<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    network(arguments).map(|network| made(Extension::Cidr(network.masked())))
}

// Quantities and versions

pub(in crate::cel) fn quantity<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let parsed = Quantity::parse(one_text(arguments)?);
    parsed.map(|quantity| made(Extension::Quantity(quantity))).map_err(|fault| Fault::Said(fault.to_string()))
}

pub(in crate::cel) fn is_quantity<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    one_text(arguments).map(|text| Value::Bool(Quantity::parse(text).is_ok()))
}

fn of_quantity<'a>(arguments: &Arguments<'a, '_>, of: impl FnOnce(&Quantity) -> Answer<'a>) -> Answer<'a> {
    match extension(arguments, 0)? {
        Extension::Quantity(quantity) => of(quantity),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn sign<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_quantity(arguments, |quantity| Ok(Value::Int(i64::from(quantity.sign()))))
}

pub(in crate::cel) fn as_float<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_quantity(arguments, |quantity| Ok(Value::Double(quantity.as_f64())))
}

pub(in crate::cel) fn as_integer<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_quantity(arguments, |quantity| {
        quantity.as_i64().map(Value::Int).ok_or_else(|| "cannot convert value to integer".into())
    })
}

pub(in crate::cel) fn is_integer<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_quantity(arguments, |quantity| Ok(Value::Bool(quantity.as_i64().is_some())))
}

fn other_quantity(arguments: &Arguments<'_, '_>) -> Result<Quantity, Fault> {
    match arguments.get(1) {
        Some(Value::Int(number)) => {
            Quantity::parse(&number.to_string()).map_err(|fault| Fault::Said(fault.to_string()))
        }
        _ => match extension(arguments, 1)? {
            Extension::Quantity(quantity) => Ok(quantity.clone()),
            _ => Err(Fault::Overload),
        },
    }
}

pub(in crate::cel) fn quantity_add<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_quantity(arguments, |quantity| {
        quantity.plus(&other_quantity(arguments)?).map(|sum| made(Extension::Quantity(sum))).ok_or(Fault::Exhausted)
    })
}

pub(in crate::cel) fn quantity_sub<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_quantity(arguments, |quantity| {
        quantity.minus(&other_quantity(arguments)?).map(|sum| made(Extension::Quantity(sum))).ok_or(Fault::Exhausted)
    })
}

fn order(arguments: &Arguments<'_, '_>) -> Result<Ordering, Fault> {
    match (extension(arguments, 0)?, extension(arguments, 1)?) {
        (Extension::Quantity(one), Extension::Quantity(other)) => Ok(one.cmp(other)),
        (Extension::Semver(one), Extension::Semver(other)) => Ok(one.compare(other)),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn is_greater_than<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    order(arguments).map(|order| Value::Bool(order.is_gt()))
}

pub(in crate::cel) fn is_less_than<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    order(arguments).map(|order| Value::Bool(order.is_lt()))
}

pub(in crate::cel) fn compare_to<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    order(arguments).map(|order| Value::Int(order as i64))
}

fn parse_semver(arguments: &Arguments<'_, '_>) -> Result<Result<Semver, String>, Fault> {
    match arguments.values {
        [Value::String(text)] | [Value::String(text), Value::Bool(false)] => Ok(Semver::parse(text.as_str())),
        [Value::String(text), Value::Bool(true)] => Ok(Semver::parse_tolerant(text.as_str())),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn semver<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    Ok(made(Extension::Semver(parse_semver(arguments)??)))
}

pub(in crate::cel) fn is_semver<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    parse_semver(arguments).map(|parsed| Value::Bool(parsed.is_ok()))
}

fn of_semver<'a>(arguments: &Arguments<'a, '_>, part: impl FnOnce(&Semver) -> u64) -> Answer<'a> {
    match extension(arguments, 0)? {
        Extension::Semver(version) => Ok(Value::Int(part(version).cast_signed())),
        _ => Err(Fault::Overload),
    }
}

pub(in crate::cel) fn major<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_semver(arguments, |version| version.major)
}

pub(in crate::cel) fn minor<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_semver(arguments, |version| version.minor)
}

pub(in crate::cel) fn patch<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    of_semver(arguments, |version| version.patch)
}

// Formats

pub(in crate::cel) fn validate<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let (Extension::Format(format), Some(Value::String(text))) = (extension(arguments, 0)?, arguments.get(1)) else {
        return Err(Fault::Overload);
    };
    let faults = format.faults(text.as_str());
    Ok(if faults.is_empty() { Value::Optional(None) } else { Value::some(texts(faults)) })
}

pub(in crate::cel) fn format_named<'a>(arguments: &Arguments<'a, '_>) -> Answer<'a> {
    let format = NamedFormat::named(one_text(arguments)?);
    Ok(Value::Optional(format.map(|format| Arc::new(format_value(format)))))
}
