//! The `string` transforms.

use base64::Engine as _;
use plat_resource::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::input::{RegexpExtract, StringTransform};
use super::transform::text_of;
use crate::budget::{MAX_TEXT_BYTES, TextTooLong};
use crate::go::{format, json};
use crate::names::hexadecimal;

/// Runs one string transform.
pub fn resolve(transform: &StringTransform, input: &Value) -> Result<String, String> {
    let text = transformed(transform, input)?;
    within_limit(text.len())?;
    Ok(text)
}

fn within_limit(bytes: usize) -> Result<(), String> {
    if bytes > MAX_TEXT_BYTES { Err(TextTooLong.to_string()) } else { Ok(()) }
}

fn transformed(transform: &StringTransform, input: &Value) -> Result<String, String> {
    let kind = transform.kind.as_str();
    let unset = |field: &str| format!("string transform of type {kind} {field} is not set");
    match kind {
        "Format" => {
            let format = transform.fmt.as_ref().ok_or_else(|| unset("fmt"))?;
            format::sprintf(format, &[input], MAX_TEXT_BYTES).map_err(|error| error.to_string())
        }
        "Convert" => convert(transform.convert.as_ref().ok_or_else(|| unset("convert"))?, input),
        "TrimPrefix" | "TrimSuffix" => {
            let trim = transform.trim.as_ref().ok_or_else(|| unset("trim"))?;
            let text = text_of(input);
            let cut = if kind == "TrimPrefix" { text.strip_prefix(trim) } else { text.strip_suffix(trim) };
            Ok(cut.map_or_else(|| text.clone(), str::to_owned))
        }
        "Regexp" => extract(transform.regexp.as_ref().ok_or_else(|| unset("regexp"))?, input),
        "Join" => join(&transform.join.as_ref().ok_or_else(|| unset("join"))?.separator, input),
        "Replace" => {
            let replace = transform.replace.as_ref().ok_or_else(|| unset("replace"))?;
            let text = text_of(input);
            let growth = replace.replace.len().saturating_sub(replace.search.len());
            // Counted first: each of a million letters may stand for a million.
            within_limit(text.matches(&replace.search).count().saturating_mul(growth))?;
            Ok(text.replace(&replace.search, &replace.replace))
        }
        other => Err(format!("type {other} is not supported for string transform type")),
    }
}

fn convert(kind: &str, input: &Value) -> Result<String, String> {
    match kind {
        "ToUpper" => Ok(text_of(input).chars().map(upper).collect()),
        "ToLower" => Ok(text_of(input).chars().map(lower).collect()),
        "ToJson" => Ok(json::marshal(input)),
        "ToBase64" => Ok(base64::engine::general_purpose::STANDARD.encode(text_of(input))),
        "FromBase64" => from_base64(&text_of(input)),
        "ToSha1" => Ok(hexadecimal(&Sha1::digest(bytes(input)))),
        "ToSha256" => Ok(hexadecimal(&Sha256::digest(bytes(input)))),
        "ToSha512" => Ok(hexadecimal(&Sha512::digest(bytes(input)))),
        "ToAdler32" => Ok(adler2::adler32_slice(&bytes(input)).to_string()),
        other => Err(format!("type {other} is not supported for string convert")),
    }
}

/// Go maps each character to one character (`unicode.ToUpper`); Rust's may give several, which Go leaves alone.
fn upper(character: char) -> char {
    one_to_one(character, character.to_uppercase())
}

fn lower(character: char) -> char {
    // Go has one exception to "leave alone": the dotted capital I becomes a plain i.
    if character == '\u{130}' { 'i' } else { one_to_one(character, character.to_lowercase()) }
}

fn one_to_one(character: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(single), None) => single,
        _ => character,
    }
}

/// Go's standard decoder: padding needed, line breaks skipped.
fn from_base64(text: &str) -> Result<String, String> {
    let clean: String = text.chars().filter(|character| !matches!(character, '\r' | '\n')).collect();
    let lenient = base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let engine = base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
    let bytes = engine
        .decode(clean)
        .map_err(|_| format!("string is not valid base64: illegal base64 data at input byte {}", illegal_byte(text)))?;
    Ok(as_json_text(&bytes))
}

/// Bytes that are no UTF-8 become replacement characters once they are JSON: in Go, one for each byte.
fn as_json_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n(char::REPLACEMENT_CHARACTER, chunk.invalid().len()));
    }
    text
}

fn illegal_byte(text: &str) -> usize {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'\r' | b'\n');
    text.bytes().position(|byte| !valid(byte)).unwrap_or(text.len() / 4 * 4)
}

fn bytes(input: &Value) -> Vec<u8> {
    match input {
        Value::String(text) => text.clone().into_bytes(),
        other => json::marshal(other).into_bytes(),
    }
}

fn extract(regexp: &RegexpExtract, input: &Value) -> Result<String, String> {
    let regex = regexp.matching.regex().map_err(|reason| format!("could not compile regexp: {reason}"))?;
    let text = text_of(input);
    let group = regexp.group.unwrap_or(0);
    let none = || {
        format!("regexp {} had no matches for group {group}", crate::go::quote::string(regexp.matching.text(), false))
    };
    let captures = regex.captures(&text).ok_or_else(none)?;
    // A negative group makes the real function panic; here it is a group without match.
    let index = usize::try_from(group).ok().filter(|index| *index < captures.len()).ok_or_else(none)?;
    Ok(captures.get(index).map_or("", |found| found.as_str()).to_owned())
}

/// Upstream cuts off the last byte of the result, not the last separator: `", "` leaves a comma behind.
fn join(separator: &str, input: &Value) -> Result<String, String> {
    let Value::Array(items) = input else { return Err("could not parse input array".to_owned()) };
    within_limit(items.len().saturating_mul(separator.len()))?;
    let mut text: String = items.iter().map(|item| format!("{}{separator}", text_of(item))).collect();
    if items.is_empty() || separator.is_empty() {
        return Ok(text);
    }
    // Half a character cannot live in a Rust string; JSON would turn it into a replacement character.
    let last = text.pop();
    if let Some(last) = last.filter(|last| last.len_utf8() > 1) {
        let missing = last.len_utf8() - 1;
        text.extend(std::iter::repeat_n(char::REPLACEMENT_CHARACTER, missing));
    }
    Ok(text)
}
