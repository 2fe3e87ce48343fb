//! The certificates by which functions and the controller know each other.
//!
//! Owns which Secrets there are, what stands in them and when they are made anew. Making keys is the shell's matter; when they
//! end is told by annotations, which whoever makes them writes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plat_resource::{GroupVersionKind, ObjectKey, Value, object, time};
use serde_json::{Map, json};
use sha2::{Digest as _, Sha256};

use super::RUNTIME_MANAGER;
use crate::Write;

/// Secret of what signs the others; it never leaves its Namespace.
pub const AUTHORITY_SECRET: &str = "plat-function-authority";
/// Secret of the controller's own certificate.
pub const CLIENT_SECRET: &str = "plat-function-client";
/// Days for which a certificate is made; the authority's is made for ten times as long.
pub const DAYS: u32 = 365;

/// When a certificate is made anew.
const RENEW_AFTER: &str = "kubectl-plat.dev/renew-after";
/// What it was made of: whose signature, for which names.
const MADE_OF: &str = "kubectl-plat.dev/made-of";

/// The Secret of a function's certificate.
pub fn server_secret(function: &str) -> String {
    format!("{function}-tls-server")
}

/// A Secret of certificates.
pub fn key(namespace: &str, name: &str) -> ObjectKey {
    let kind = GroupVersionKind::new("v1", "Secret");
    ObjectKey { kind, namespace: namespace.to_owned(), name: name.to_owned() }
}

/// Certificate and key, and those that are believed, in PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
    /// Who is believed. In the authority's own Secret: itself, and the one before it.
    pub believed: String,
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Pair")
    }
}

impl Pair {
    /// What stands in a Secret, if all of it does.
    pub fn of(secret: &Value) -> Option<Self> {
        let text = |key: &str| {
            let bytes = STANDARD.decode(object::string_at(secret, &["data", key])?).ok()?;
            String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
        };
        Some(Self { certificate: text("tls.crt")?, key: text("tls.key")?, believed: text("ca.crt")? })
    }

    /// Tells this certificate from others.
    pub fn fingerprint(&self) -> String {
        fingerprint(&format!("{}{}", self.certificate, self.believed))
    }
}

/// What a certificate is made of.
pub fn made_of(believed: &str, names: &[String]) -> String {
    fingerprint(&format!("{believed}{}", names.join(",")))
}

fn fingerprint(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The pair in a Secret, as long as it need not be made anew.
pub fn current(secret: Option<&Value>, made_of: &str, now: i64) -> Option<Pair> {
    let secret = secret?;
    let renew_after = time::parse(object::annotation(secret, RENEW_AFTER)?)?.0;
    let is_same = object::annotation(secret, MADE_OF) == Some(made_of);
    (is_same && now < renew_after).then(|| Pair::of(secret)).flatten()
}

/// The write that keeps a pair which was made for so many days from `now` on; it is made anew after two thirds of them.
pub fn keep(key: &ObjectKey, pair: &Pair, made_of: &str, now: i64, days: u32, owner: Option<&Value>) -> Write {
    let renew_after = time::format(now + i64::from(days) * 86_400 / 3 * 2);
    let mut metadata = json!({
        "name": key.name, "namespace": key.namespace,
        "annotations": {RENEW_AFTER: renew_after, MADE_OF: made_of},
    });
    if let Some(owner) = owner {
        metadata["ownerReferences"] = json!([{
            "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": object::name(owner),
            "uid": object::uid(owner), "controller": true, "blockOwnerDeletion": true,
        }]);
    }
    let mut data = Map::new();
    for (key, text) in [("tls.crt", &pair.certificate), ("tls.key", &pair.key), ("ca.crt", &pair.believed)] {
        data.insert(key.to_owned(), STANDARD.encode(text).into());
    }
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata, "data": data,
    });
    Write::Apply { object, manager: RUNTIME_MANAGER.to_owned() }
}
