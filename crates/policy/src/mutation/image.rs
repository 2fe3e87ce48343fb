//! Image references as AssignImage sees them: domain, path, and tag or digest.
//!
//! Owns taking a reference apart, putting it together, and which parts an AssignImage may name: those that are read back
//! as the same part, so that applying it twice changes nothing.

use std::sync::LazyLock;

use regex::Regex;

/// The parts that an AssignImage sets; an empty one is left as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageParts {
    /// Registry, without the slash.
    pub domain: String,
    /// Repository.
    pub path: String,
    /// Tag or digest, with its `:` or `@`.
    pub tag: String,
}

/// Why parts cannot be used: the field and Gatekeeper's reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFault {
    /// The field of `spec.parameters`; none where it is about all of them.
    pub field: Option<&'static str>,
    /// Why.
    pub reason: String,
}

static DOMAIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let word = "[0-9A-Za-z_]";
    Regex::new(&format!(r"^(?:{word}[0-9A-Za-z_\-]*\.[0-9A-Za-z_\-.]*{word}(?::[0-9]+)?|localhost(?::[0-9]+)?)$")).ok()
});
static PATH: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[a-z0-9]+(?:(?:(?:[._/]|__|-*)[a-z0-9]+)+)?").ok());
static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let name = "[A-Za-z][A-Za-z0-9]*";
    Regex::new(&format!(r"^(?::[0-9A-Za-z_][0-9A-Za-z_.\-]{{0,127}}|@{name}(?:[-_+.]{name})*:[0-9A-Fa-f]{{32,}})$"))
        .ok()
});

impl ImageParts {
    /// `reference` with the parts set that this one has.
    pub fn apply(&self, reference: &str) -> String {
        let (domain, rest) = split_domain(reference);
        let (path, tag) = rest.find([':', '@']).map_or((rest, ""), |at| rest.split_at(at));
        let choose = |new: &str, old: &str| if new.is_empty() { old.to_owned() } else { new.to_owned() };
        let domain = choose(&self.domain, domain);
        let separator = if domain.is_empty() { "" } else { "/" };
        format!("{domain}{separator}{}{}", choose(&self.path, path), choose(&self.tag, tag))
    }

    /// What is wrong with the parts.
    pub fn faults(&self) -> Vec<ImageFault> {
        let mut faults = Vec::new();
        let mut fault = |field, reason| faults.push(ImageFault { field, reason });
        let Self { domain, path, tag } = self;
        if domain.is_empty() && path.is_empty() && tag.is_empty() {
            fault(None, "at least one of [assignDomain, assignPath, assignTag] must be set".to_owned());
        }
        let matches = |pattern: &Option<Regex>, text: &str| pattern.as_ref().is_some_and(|regex| regex.is_match(text));
        if !domain.is_empty() && !matches(&DOMAIN, domain) {
            let reason = format!("assignDomain {domain:?} must be a fully-qualified domain name or localhost");
            fault(Some("assignDomain"), reason);
        }
        let whole = PATH.as_ref().and_then(|regex| regex.find(path)).is_some_and(|found| found.len() == path.len());
        if !path.is_empty() && !whole {
            fault(Some("assignPath"), format!("assignPath {path:?} must be a valid docker image path"));
        }
        if !tag.is_empty() && !matches(&TAG, tag) {
            let reason =
                format!("assignTag {tag:?} must be a valid docker image tag or digest starting with ':' or '@'");
            fault(Some("assignTag"), reason);
        }
        if domain.is_empty() && !split_domain(path).0.is_empty() {
            let reason = format!(
                "assignDomain must be set if the first part of assignPath {path:?} can be interpretted as part of a domain"
            );
            fault(Some("assignPath"), reason);
        }
        faults
    }
}

/// The domain and the rest. What stands before the first slash is a domain where it has a dot or a colon, or is localhost.
fn split_domain(reference: &str) -> (&str, &str) {
    match reference.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
        _ => ("", reference),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(domain: &str, path: &str, tag: &str) -> ImageParts {
        ImageParts { domain: domain.to_owned(), path: path.to_owned(), tag: tag.to_owned() }
    }

    #[test]
    fn parts_are_replaced_and_others_stay() {
        let cases = [
            (parts("gcr.io", "", ""), "nginx", "gcr.io/nginx"),
            (parts("gcr.io", "", ""), "docker.io/library/nginx:1", "gcr.io/library/nginx:1"),
            (parts("", "repo/app", ""), "a.b/nginx@sha256:00", "a.b/repo/app@sha256:00"),
            (parts("", "", ":2"), "localhost/nginx:1", "localhost/nginx:2"),
            (parts("", "", ":2"), "host:5000/nginx", "host:5000/nginx:2"),
            (parts("", "", ":2"), "library/nginx", "library/nginx:2"),
            (parts("a.b", "p", ":1"), "", "a.b/p:1"),
            // A digest after a tag belongs to the tag.
            (parts("", "", ":2"), "nginx:1@sha256:00", "nginx:2"),
        ];
        for (parts, reference, expected) in cases {
            assert_eq!(parts.apply(reference), expected, "{parts:?} {reference}");
        }
    }

    #[test]
    fn only_parts_that_stay_apart_are_taken() {
        let digest = format!("@sha256:{}", "0".repeat(64));
        let good = [
            parts("a.b", "", ""),
            parts("a.b:5000", "", ""),
            parts("localhost", "", ""),
            parts("localhost:1", "x", ""),
            parts("", "library/nginx", ""),
            parts("", "a__b/c--d.e", ""),
            parts("", "", ":latest"),
            parts("", "", &digest),
            parts("a.b", "c.d/e", ""),
        ];
        for parts in good {
            assert_eq!(parts.faults(), [], "{parts:?}");
        }
        let bad = [
            parts("", "", ""),
            parts("localhosts", "", ""),
            parts("a.b/", "", ""),
            parts("a.b/c", "", ""),
            parts("", "Nginx", ""),
            parts("", "nginx:1", ""),
            parts("", "/nginx", ""),
            parts("", "nginx/", ""),
            parts("", "a___b", ""),
            parts("", "c.d/e", ""),
            parts("", "localhost/e", ""),
            parts("", "", "latest"),
            parts("", "", ":"),
            parts("", "", "@sha256:00"),
            parts("a.é", "", ""),
        ];
        for parts in bad {
            assert_ne!(parts.faults(), [], "{parts:?}");
        }
    }
}
