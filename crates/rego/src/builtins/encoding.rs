//! Base64, hexadecimal and URL text.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, NO_PAD, PAD};

use super::arguments::{argument, as_items, as_text, object, text};
use super::{Outcome, Problem, Row};
use crate::budget::Budget;
use crate::value::Value;

/// Go does not look at the bits that are left over at the end.
const fn lenient(config: GeneralPurposeConfig) -> GeneralPurposeConfig {
    config.with_decode_allow_trailing_bits(true)
}

const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, lenient(PAD));
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, lenient(PAD));
const URL_SAFE_NO_PAD: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, lenient(NO_PAD));

pub(super) const ROWS: &[Row] = &[
    ("base64.encode", 1, |budget, values| encode(budget, values, |bytes| STANDARD.encode(bytes))),
    ("base64.decode", 1, |_, values| decoded(base64(text(values, 0)?))),
    ("base64.is_valid", 1, |_, values| match argument(values, 0)? {
        Value::String(text) => Ok(Value::Bool(base64(text).is_some())),
        _ => Ok(Value::Bool(false)),
    }),
    ("base64url.encode", 1, |budget, values| encode(budget, values, |bytes| URL_SAFE.encode(bytes))),
    ("base64url.encode_no_pad", 1, |budget, values| encode(budget, values, |bytes| URL_SAFE_NO_PAD.encode(bytes))),
    ("base64url.decode", 1, |_, values| decoded(base64url(text(values, 0)?))),
    ("hex.encode", 1, |budget, values| encode(budget, values, hex)),
    ("hex.decode", 1, |_, values| decoded(unhex(text(values, 0)?))),
    ("urlquery.encode", 1, |budget, values| encode(budget, values, url_escape)),
    ("urlquery.decode", 1, |_, values| url_unescape(text(values, 0)?).map(Value::from).ok_or(Problem::Undefined)),
    ("urlquery.encode_object", 1, encode_object),
    ("urlquery.decode_object", 1, decode_object),
];

fn encode(budget: &mut Budget, values: &[Value], encode: fn(&[u8]) -> String) -> Outcome {
    let text = text(values, 0)?;
    budget.bytes(text.len().saturating_mul(3))?;
    Ok(Value::from(encode(text.as_bytes())))
}

fn decoded(bytes: Option<Vec<u8>>) -> Outcome {
    let bytes = bytes.ok_or(Problem::Undefined)?;
    Ok(Value::from(String::from_utf8_lossy(&bytes).as_ref()))
}

/// Go passes over the ends of lines.
fn unbroken(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains(['\r', '\n']) { text.replace(['\r', '\n'], "").into() } else { text.into() }
}

fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(unbroken(text).as_bytes()).ok()
}

/// With padding, or without any.
pub(super) fn base64url(text: &str) -> Option<Vec<u8>> {
    let engine = if text.ends_with('=') { URL_SAFE } else { URL_SAFE_NO_PAD };
    engine.decode(text.as_bytes()).ok()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// `url.QueryEscape`
fn url_escape(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(*byte).to_string(),
            b' ' => "+".to_owned(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn url_unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
                if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return None;
                }
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = rest.get(2..)?;
            }
            other => bytes.push(*other),
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn encode_object(budget: &mut Budget, values: &[Value]) -> Outcome {
    let mut pairs = Vec::new();
    for (key, value) in object(values, 0)?.pairs() {
        let key = url_escape(as_text(key)?.as_bytes());
        let items = match value {
            Value::String(_) => std::slice::from_ref(value),
            other => as_items(other)?,
        };
        for item in items {
            pairs.push(format!("{key}={}", url_escape(as_text(item)?.as_bytes())));
            budget.items(2)?;
        }
    }
    let joined = pairs.join("&");
    budget.bytes(joined.len())?;
    Ok(Value::from(joined))
}

fn decode_object(budget: &mut Budget, values: &[Value]) -> Outcome {
    let mut found: std::collections::BTreeMap<String, Vec<Value>> = std::collections::BTreeMap::new();
    let query = text(values, 0)?;
    budget.bytes(query.len().saturating_mul(4))?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if pair.contains(';') {
            return Err(Problem::Undefined);
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (url_unescape(key), url_unescape(value));
        let (Some(key), Some(value)) = (key, value) else { return Err(Problem::Undefined) };
        found.entry(key).or_default().push(Value::from(value));
    }
    Ok(Value::object(found.into_iter().map(|(key, values)| (Value::from(key), Value::array(values))).collect()))
}
