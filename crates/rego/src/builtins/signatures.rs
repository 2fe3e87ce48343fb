//! What kinds of arguments each function takes, and of what kind its result is.
//!
//! Owns the table. `n` is a number, `s` a string, `b` a boolean, `z` null, `a` an array, `t` a set, `o` an object, `*`
//! anything; what stands in brackets is of what kind the items are, and `|` stands between alternatives.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The kinds of one argument, or of a result.
pub(crate) type Kinds = Vec<Kind>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind {
    /// `n`, `s`, `b`, `z`, `a`, `t`, `o`, or `*`.
    pub(crate) letter: char,
    /// Of what kinds the items are, where that counts.
    pub(crate) items: Option<Kinds>,
}

#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) arguments: Vec<Kinds>,
    pub(crate) result: Kinds,
}

static TABLE: LazyLock<BTreeMap<&'static str, Signature>> = LazyLock::new(|| {
    let mut table = BTreeMap::new();
    for (arguments, result, names) in SIGNATURES {
        for name in names.split(' ') {
            let arguments = arguments.split(' ').filter(|kinds| !kinds.is_empty()).map(kinds).collect();
            table.insert(name, Signature { arguments, result: kinds(result) });
        }
    }
    table
});

/// The signature of a function; none where anything goes in and comes out.
pub(crate) fn find(name: &str) -> Option<&'static Signature> {
    TABLE.get(name)
}

fn kinds(text: &str) -> Kinds {
    read(&mut text.chars().peekable())
}

fn read(text: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Kinds {
    let mut found = Vec::new();
    while let Some(letter) = text.next_if(|letter| *letter != ']') {
        let items = text.next_if_eq(&'[').map(|_| read(text));
        if items.is_some() {
            text.next();
        }
        found.push(Kind { letter, items });
        text.next_if_eq(&'|');
    }
    found
}

/// Kinds of arguments, of the result, and the functions that have them.
const SIGNATURES: &[(&str, &str, &str)] = &[
    ("", "a", "rego.metadata.chain"),
    ("", "n", "time.now_ns"),
    ("", "o", "opa.runtime"),
    ("*", "a", "cast_array walk"),
    ("*", "b", "cast_boolean is_array is_boolean is_null is_number is_object is_set is_string semver.is_valid"),
    ("*", "o", "cast_object"),
    ("*", "s", "cast_string json.marshal type_name yaml.marshal"),
    ("*", "t", "cast_set"),
    ("*", "z", "cast_null"),
    ("* *", "b", "equal gt gte lt lte neq"),
    ("* a[o]", "*", "json.patch"),
    ("* o", "s", "json.marshal_with_options"),
    ("a", "a", "array.flatten array.reverse"),
    ("a a", "a", "array.concat"),
    ("a n n", "a", "array.slice"),
    ("a[n]|t[n]", "n", "product sum"),
    ("a[o]", "o", "object.union_n"),
    ("a[s]|t[s]", "t", "net.cidr_merge"),
    ("a|o|t a|o|t", "b", "object.subset"),
    ("a|t", "*", "max min"),
    ("a|t", "a", "sort"),
    ("a|t", "b", "all any"),
    ("n", "n", "abs bits.negate ceil floor round"),
    ("n n", "a", "numbers.range"),
    ("n n", "n", "bits.and bits.lsh bits.or bits.rsh bits.xor div mul plus rem"),
    ("n n", "s", "format_int"),
    ("n n n", "a", "numbers.range_step"),
    ("n n n n", "n", "time.add_date"),
    ("n|a", "a", "time.clock time.date"),
    ("n|a", "s", "time.weekday"),
    ("n|a n|a", "a", "time.diff"),
    ("n|a|a", "s", "time.format"),
    ("n|t n|t", "n|t", "minus"),
    ("o", "o", "http.send"),
    ("o", "s", "urlquery.encode_object"),
    ("o", "t", "object.keys"),
    ("o * *", "*", "object.get"),
    ("o a[s|a]|t[s|a]", "o", "json.filter json.remove"),
    ("o a|o|t", "o", "object.filter object.remove"),
    ("o a|t", "t", "graph.reachable graph.reachable_paths"),
    ("o o", "o", "object.union"),
    ("o o n", "o", "providers.aws.sign_req"),
    ("o o o", "s", "io.jwt.encode_sign"),
    ("o s", "s", "strings.replace_n"),
    ("s", "*", "json.unmarshal yaml.unmarshal"),
    (
        "s",
        "a",
        "crypto.parse_private_keys crypto.x509.parse_and_verify_certificates crypto.x509.parse_certificates io.jwt.decode",
    ),
    ("s", "b", "base64.is_valid json.is_valid net.cidr_is_valid regex.is_valid trace uri.is_valid yaml.is_valid"),
    ("s", "n", "time.parse_duration_ns time.parse_rfc3339_ns units.parse units.parse_bytes"),
    (
        "s",
        "o",
        "crypto.x509.parse_certificate_request crypto.x509.parse_rsa_private_key graphql.parse_query graphql.parse_schema uri.parse urlquery.decode_object uuid.parse",
    ),
    (
        "s",
        "s",
        "base64.decode base64.encode base64url.decode base64url.encode base64url.encode_no_pad crypto.md5 crypto.sha1 crypto.sha256 glob.quote_meta hex.decode hex.encode lower strings.reverse trim_space upper urlquery.decode urlquery.encode uuid.rfc4122",
    ),
    ("s", "t", "net.cidr_expand net.lookup_ip_addr"),
    ("s a", "s", "sprintf"),
    ("s a[s]|t[s]", "s", "concat"),
    ("s n", "n", "rand.intn"),
    ("s n n", "s", "substring"),
    ("s o", "a", "crypto.x509.parse_and_verify_certificates_with_options io.jwt.decode_verify"),
    ("s o", "s", "strings.render_template"),
    ("s s", "a", "indexof_n regex.split split"),
    (
        "s s",
        "b",
        "contains crypto.hmac.equal endswith io.jwt.verify_eddsa io.jwt.verify_es256 io.jwt.verify_es384 io.jwt.verify_es512 io.jwt.verify_hs256 io.jwt.verify_hs384 io.jwt.verify_hs512 io.jwt.verify_ps256 io.jwt.verify_ps384 io.jwt.verify_ps512 io.jwt.verify_rs256 io.jwt.verify_rs384 io.jwt.verify_rs512 net.cidr_contains net.cidr_intersects net.cidr_overlap re_match regex.globs_match regex.match startswith",
    ),
    ("s s", "n", "indexof semver.compare strings.count time.parse_ns"),
    ("s s", "o", "crypto.x509.parse_keypair rego.parse_module"),
    (
        "s s",
        "s",
        "crypto.hmac.md5 crypto.hmac.sha1 crypto.hmac.sha256 crypto.hmac.sha512 trim trim_left trim_prefix trim_right trim_suffix",
    ),
    ("s s n", "a", "regex.find_all_string_submatch_n regex.find_n strings.split_n"),
    ("s s s", "s", "io.jwt.encode_sign_raw regex.replace replace"),
    ("s s s s", "b", "regex.template_match"),
    ("s z|a[s] s", "b", "glob.match"),
    ("s|a[s]|t[s] s|a[s]|t[s]", "b", "strings.any_prefix_match strings.any_suffix_match"),
    ("s|a[s|a]|o|t[s|a] s|a[s|a]|o|t[s|a]", "t", "net.cidr_contains_matches"),
    ("s|a|o|t", "n", "count"),
    ("s|o", "a", "json.verify_schema"),
    ("s|o", "b", "graphql.schema_is_valid"),
    ("s|o s|o", "a", "graphql.parse graphql.parse_and_verify json.match_schema"),
    ("s|o s|o", "b", "graphql.is_valid"),
    ("t t", "t", "and or set_diff"),
    ("t[t]", "t", "intersection union"),
    ("z|b|n|s", "n", "to_number"),
];
