//! Hashes, and tokens signed with them. Keys and certificates are refused.

use sha2::Digest;

use super::arguments::text;
use super::encoding::{base64url, hex};
use super::{Outcome, Problem, Row};
use crate::budget::Budget;
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[
    ("crypto.md5", 1, |budget, values| plain::<md5::Md5>(budget, values)),
    ("crypto.sha1", 1, |budget, values| plain::<sha1::Sha1>(budget, values)),
    ("crypto.sha256", 1, |budget, values| plain::<sha2::Sha256>(budget, values)),
    ("crypto.hmac.md5", 2, |budget, values| keyed::<md5::Md5>(budget, values, 64)),
    ("crypto.hmac.sha1", 2, |budget, values| keyed::<sha1::Sha1>(budget, values, 64)),
    ("crypto.hmac.sha256", 2, |budget, values| keyed::<sha2::Sha256>(budget, values, 64)),
    ("crypto.hmac.sha512", 2, |budget, values| keyed::<sha2::Sha512>(budget, values, 128)),
    ("crypto.hmac.equal", 2, |_, values| Ok(Value::Bool(text(values, 0)? == text(values, 1)?))),
    ("io.jwt.decode", 1, decode),
    ("io.jwt.verify_hs256", 2, |budget, values| verify::<sha2::Sha256>(budget, values, 64)),
    ("io.jwt.verify_hs384", 2, |budget, values| verify::<sha2::Sha384>(budget, values, 128)),
    ("io.jwt.verify_hs512", 2, |budget, values| verify::<sha2::Sha512>(budget, values, 128)),
];

fn plain<D: Digest>(budget: &mut Budget, values: &[Value]) -> Outcome {
    let text = text(values, 0)?;
    budget.bytes(text.len())?;
    Ok(Value::from(hex(&D::digest(text.as_bytes()))))
}

fn keyed<D: Digest>(budget: &mut Budget, values: &[Value], block: usize) -> Outcome {
    let (message, key) = (text(values, 0)?, text(values, 1)?);
    budget.bytes(message.len())?;
    Ok(Value::from(hex(&hmac::<D>(key.as_bytes(), message.as_bytes(), block))))
}

/// RFC 2104
fn hmac<D: Digest>(key: &[u8], message: &[u8], block: usize) -> Vec<u8> {
    let mut padded = if key.len() > block { D::digest(key).to_vec() } else { key.to_vec() };
    padded.resize(block, 0);
    let pad = |with: u8| padded.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = D::digest([pad(0x36).as_slice(), message].concat());
    D::digest([pad(0x5c).as_slice(), &inner].concat()).to_vec()
}

fn parts(token: &str) -> Result<[&str; 3], Problem> {
    let parts: Vec<&str> = token.split('.').collect();
    <[&str; 3]>::try_from(parts).map_err(|_| Problem::Undefined)
}

fn decode(budget: &mut Budget, values: &[Value]) -> Outcome {
    let mut token = text(values, 0)?.to_string();
    loop {
        budget.bytes(token.len().max(64))?;
        match decode_once(budget, &token)? {
            Decoded::Token(found) => return Ok(found),
            Decoded::Nested(inner) => token = inner,
        }
    }
}

enum Decoded {
    Token(Value),
    /// The payload is a token again.
    Nested(String),
}

fn decode_once(budget: &mut Budget, token: &str) -> Result<Decoded, Problem> {
    let [header, payload, signature] = parts(token)?;
    let object = |part: &str, budget: &mut Budget| -> Outcome {
        let bytes = base64url(part).ok_or(Problem::Undefined)?;
        let json = String::from_utf8(bytes).map_err(|_| Problem::Undefined)?;
        let unmarshal = super::find("json.unmarshal").ok_or(Problem::Undefined)?;
        let super::Run::Plain(run) = unmarshal.run else { return Err(Problem::Undefined) };
        match run(budget, &[Value::from(json)])? {
            Value::Object(object) => Ok(Value::Object(object)),
            _ => Err(Problem::Undefined),
        }
    };
    let header = object(header, budget)?;
    // An encrypted token cannot be read.
    if header.get(&Value::from("enc")).is_some() {
        return Err(Problem::Undefined);
    }
    if matches!(header.get(&Value::from("cty")), Some(Value::String(kind)) if &**kind == "JWT") {
        let bytes = base64url(payload).ok_or(Problem::Undefined)?;
        let text = String::from_utf8(bytes).map_err(|_| Problem::Undefined)?;
        // The token may stand there as it is, or in quotes.
        return Ok(Decoded::Nested(text.trim_matches(['"', '\'']).to_owned()));
    }
    let payload = object(payload, budget)?;
    let signature = base64url(signature).ok_or(Problem::Undefined)?;
    Ok(Decoded::Token(Value::array(vec![header, payload, Value::from(hex(&signature))])))
}

fn verify<D: Digest>(budget: &mut Budget, values: &[Value], block: usize) -> Outcome {
    let (token, secret) = (text(values, 0)?, text(values, 1)?);
    budget.bytes(token.len())?;
    let [header, payload, signature] = parts(token)?;
    let signature = base64url(signature).ok_or(Problem::Undefined)?;
    let signed = format!("{header}.{payload}");
    Ok(Value::Bool(hmac::<D>(secret.as_bytes(), signed.as_bytes(), block) == signature))
}
