//! Names and UIDs that Crossplane gives, by version.

use md5::Md5;
use plat_resource::{GroupVersionKind, names};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Compatibility;

/// Longest name Crossplane makes.
const LONGEST: usize = 63;
/// Hexadecimal digits of the hash behind a made name (in 2.0.2 already, not in 2.0.0).
const HASH_LENGTH: usize = 12;
/// Letters of the API server's random suffixes: no vowels, nothing that reads as another.
const SUFFIX_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The UID that `crossplane internal render` gives an XR without one: UUIDv5 in the nil namespace.
pub fn offline_uid(kind: &GroupVersionKind, namespace: &str, name: &str) -> String {
    let GroupVersionKind { group, version, kind } = kind;
    let seed = format!("{group}/{version}, Kind={kind}\0{namespace}\0{name}");
    Uuid::new_v5(&Uuid::nil(), seed.as_bytes()).to_string()
}

/// The name of a composed resource that has a `generateName` only.
pub fn composed_name(compatibility: Compatibility, generate_name: &str, owner_uid: &str, resource: &str) -> String {
    match compatibility {
        Compatibility::V2 => child_name(generate_name, owner_uid, resource),
        Compatibility::V2_0 => {
            let part = owner_uid.rsplit('-').next().unwrap_or("");
            knative_child_name(&format!("{generate_name}{part}"), &format!("-{resource}"))
        }
        // The API server picks at random; a plan needs a name that stays the same.
        Compatibility::V1 => suffixed(generate_name, &format!("{owner_uid}{resource}")),
    }
}

/// `generate_name` with five letters as the API server would add, always the same for the same seed.
pub fn suffixed(generate_name: &str, seed: &str) -> String {
    let letters = Sha256::digest(seed.as_bytes())
        .iter()
        .take(5)
        .map(|byte| char::from(SUFFIX_LETTERS[usize::from(*byte) % SUFFIX_LETTERS.len()]))
        .collect::<String>();
    format!("{}{letters}", prefix(generate_name, LONGEST - 5))
}

fn child_name(parent: &str, owner_uid: &str, child: &str) -> String {
    let digest = Sha256::digest(format!("{owner_uid}{child}").as_bytes());
    let suffix: String = hexadecimal(&digest).chars().take(HASH_LENGTH).collect();
    let mut parent = parent.to_owned();
    if !parent.is_empty() && !parent.ends_with('-') {
        parent.push('-');
    }
    if parent.len() + suffix.len() <= LONGEST {
        return parent + &suffix;
    }
    let cut = prefix(&parent, LONGEST - HASH_LENGTH);
    if cut.ends_with('-') {
        return format!("{cut}{suffix}");
    }
    format!("{}-{suffix}", prefix(&parent, LONGEST - HASH_LENGTH - 1))
}

/// Crossplane 2.0.0 names children as knative does: plain concatenation, an MD5 in the middle where that is too long.
fn knative_child_name(parent: &str, suffix: &str) -> String {
    const HEAD: usize = LONGEST - 32;
    if parent.len() + suffix.len() <= LONGEST {
        return format!("{parent}{suffix}");
    }
    if suffix.len() >= HEAD {
        let hash = hexadecimal(&Md5::digest(format!("{parent}{suffix}").as_bytes()));
        let mut name = format!("{}{hash}", prefix(parent, HEAD));
        let missing = LONGEST.saturating_sub(name.len());
        name.push_str(prefix(suffix, missing));
        return name.trim_end_matches(|last: char| !last.is_ascii_alphanumeric()).to_owned();
    }
    let hash = hexadecimal(&Md5::digest(parent.as_bytes()));
    format!("{}{hash}{suffix}", prefix(parent, HEAD - suffix.len()))
}

/// The first `length` bytes, fewer where that would split a character.
fn prefix(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether Crossplane applies an object of this name: an RFC 1123 subdomain, colons allowed for RBAC kinds.
pub fn is_valid(name: &str, kind: &GroupVersionKind) -> bool {
    let rbac = kind.group == "rbac.authorization.k8s.io"
        && matches!(kind.kind.as_str(), "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding");
    let name = if rbac { name.replace(':', "") } else { name.to_owned() };
    names::is_dns1123_subdomain(&name).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &str = "66fe1fc4-273f-55f3-ad60-07068d2164cc";

    #[test]
    fn uids_are_those_of_the_real_render() {
        let kind = GroupVersionKind::new("ex.org/v1", "XThing");
        assert_eq!(offline_uid(&kind, "team-a", "thing"), "0381c980-a3b8-57dd-9819-6446165d3a56");
    }

    #[test]
    fn names_by_version() {
        let name = |version, resource: &str| composed_name(version, "db-x7k2p-", UID, resource);
        assert_eq!(name(Compatibility::V2, "RDSInstanceSmall"), "db-x7k2p-d7b3baae51a4");
        assert_eq!(name(Compatibility::V2_0, "small"), "db-x7k2p-07068d2164cc-small");
        let long = name(Compatibility::V2_0, &"r".repeat(50));
        assert_eq!(long.len(), 63, "{long}");
        let random = name(Compatibility::V1, "small");
        assert_eq!((random.len(), &random), ("db-x7k2p-".len() + 5, &name(Compatibility::V1, "small")));
    }

    #[test]
    fn long_prefixes_are_cut_and_end_in_one_hyphen() {
        let name = child_name(&"a".repeat(80), UID, "x");
        assert_eq!(name.len(), 63);
        assert_eq!(&name[50..51], "-");
        assert!(child_name("a-", UID, "x").starts_with("a-"));
    }

    #[test]
    fn colons_are_for_rbac_only() {
        assert!(is_valid("system:x", &GroupVersionKind::new("rbac.authorization.k8s.io/v1", "Role")));
        assert!(!is_valid("system:x", &GroupVersionKind::new("v1", "Secret")));
        assert!(!is_valid("Hello World", &GroupVersionKind::new("v1", "Secret")));
        assert!(!is_valid("", &GroupVersionKind::new("v1", "Secret")));
    }
}
