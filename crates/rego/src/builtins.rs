//! The functions of the language.
//!
//! Owns the table of them, with how many arguments each takes and which are not available and why. An argument of a wrong
//! kind makes the result undefined, as it does in OPA; only what would take too much is an error.

mod aggregates;
mod arguments;
mod bridge;
mod crypto;
mod dates;
mod duration;
mod encoding;
mod glob;
mod globs;
mod json;
mod layout;
mod net;
mod numbers;
mod objects;
mod regex;
mod semver;
pub(crate) mod signatures;
mod sprintf;
mod strings;
mod template;
mod types;
mod units;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::EvalError;
use crate::budget::Budget;
use crate::value::Value;

/// Why a function has no result.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It is undefined for these arguments.
    Undefined,
    /// It would take too much; the evaluation ends.
    Stop(EvalError),
}

impl From<EvalError> for Problem {
    fn from(error: EvalError) -> Self {
        Self::Stop(error)
    }
}

pub(crate) type Outcome = Result<Value, Problem>;

/// How a function runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Run {
    Plain(fn(&mut Budget, &[Value]) -> Outcome),
    /// `walk`, the only one with many results.
    Walk,
    /// Not available, and why.
    Refused(&'static str),
}

/// One function.
#[derive(Debug)]
pub(crate) struct Builtin {
    pub(crate) name: &'static str,
    pub(crate) arity: usize,
    pub(crate) run: Run,
}

type Row = (&'static str, usize, fn(&mut Budget, &[Value]) -> Outcome);

const NETWORK: &str = "a policy must not reach the network";
const RUNTIME: &str = "a policy must not depend on where it runs";
const RANDOM: &str = "a policy must give the same answer twice";
const KEYS: &str = "keys and certificates are not read here";
const UNSUPPORTED: &str = "this engine does not have it";

const REFUSED: &[(&str, usize, &str)] = &[
    ("http.send", 1, NETWORK),
    ("net.lookup_ip_addr", 1, NETWORK),
    ("providers.aws.sign_req", 3, NETWORK),
    ("opa.runtime", 0, RUNTIME),
    ("rego.parse_module", 2, RUNTIME),
    ("rego.metadata.chain", 0, RUNTIME),
    ("rego.metadata.rule", 0, RUNTIME),
    ("rand.intn", 2, RANDOM),
    ("uuid.rfc4122", 1, RANDOM),
    ("crypto.parse_private_keys", 1, KEYS),
    ("crypto.x509.parse_and_verify_certificates", 1, KEYS),
    ("crypto.x509.parse_and_verify_certificates_with_options", 2, KEYS),
    ("crypto.x509.parse_certificate_request", 1, KEYS),
    ("crypto.x509.parse_certificates", 1, KEYS),
    ("crypto.x509.parse_keypair", 2, KEYS),
    ("crypto.x509.parse_rsa_private_key", 1, KEYS),
    ("io.jwt.decode_verify", 2, KEYS),
    ("io.jwt.encode_sign", 3, KEYS),
    ("io.jwt.encode_sign_raw", 3, KEYS),
    ("io.jwt.verify_eddsa", 2, KEYS),
    ("io.jwt.verify_es256", 2, KEYS),
    ("io.jwt.verify_es384", 2, KEYS),
    ("io.jwt.verify_es512", 2, KEYS),
    ("io.jwt.verify_ps256", 2, KEYS),
    ("io.jwt.verify_ps384", 2, KEYS),
    ("io.jwt.verify_ps512", 2, KEYS),
    ("io.jwt.verify_rs256", 2, KEYS),
    ("io.jwt.verify_rs384", 2, KEYS),
    ("io.jwt.verify_rs512", 2, KEYS),
    ("graphql.is_valid", 2, UNSUPPORTED),
    ("graphql.parse", 2, UNSUPPORTED),
    ("graphql.parse_and_verify", 2, UNSUPPORTED),
    ("graphql.parse_query", 1, UNSUPPORTED),
    ("graphql.parse_schema", 1, UNSUPPORTED),
    ("graphql.schema_is_valid", 1, UNSUPPORTED),
    ("json.match_schema", 2, UNSUPPORTED),
    ("json.verify_schema", 1, UNSUPPORTED),
    ("uri.is_valid", 1, UNSUPPORTED),
    ("uri.parse", 1, UNSUPPORTED),
    ("external_data", 1, NETWORK),
];

static TABLE: LazyLock<BTreeMap<&'static str, Builtin>> = LazyLock::new(|| {
    let groups: [&[Row]; 20] = [
        aggregates::ROWS,
        bridge::ROWS,
        bridge::MENDED,
        dates::ROWS,
        duration::ROWS,
        glob::ROWS,
        globs::ROWS,
        crypto::ROWS,
        encoding::ROWS,
        json::ROWS,
        net::ROWS,
        numbers::ROWS,
        objects::ROWS,
        regex::ROWS,
        semver::ROWS,
        sprintf::ROWS,
        strings::ROWS,
        template::ROWS,
        types::ROWS,
        units::ROWS,
    ];
    let plain = groups.into_iter().flatten().map(|(name, arity, run)| (*name, *arity, Run::Plain(*run)));
    let refused = REFUSED.iter().map(|(name, arity, reason)| (*name, *arity, Run::Refused(reason)));
    let rows = plain.chain(refused).chain([("walk", 1, Run::Walk)]);
    rows.map(|(name, arity, run)| (name, Builtin { name, arity, run })).collect()
});

/// The function of a name.
pub(crate) fn find(name: &str) -> Option<&'static Builtin> {
    TABLE.get(name)
}
