//! Names with a `*` at the front, at the end, or both.

/// A name, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard(String);

impl Wildcard {
    /// The wildcard of a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a name that stands for itself only.
    pub fn is_exact(&self) -> bool {
        !self.0.starts_with('*') && !self.0.ends_with('*')
    }

    /// Whether `candidate` is such a name.
    pub fn matches(&self, candidate: &str) -> bool {
        let text = self.0.as_str();
        match (text.strip_prefix('*'), text.strip_suffix('*')) {
            (Some(rest), Some(_)) => candidate.contains(rest.strip_suffix('*').unwrap_or(rest)),
            (Some(end), None) => candidate.ends_with(end),
            (None, Some(start)) => candidate.starts_with(start),
            (None, None) => candidate == text,
        }
    }

    /// Whether a name that the API server makes of `prefix` is such a name for sure.
    pub fn matches_generate_name(&self, prefix: &str) -> bool {
        let text = self.0.as_str();
        match (text.strip_prefix('*'), text.strip_suffix('*')) {
            (Some(rest), Some(_)) => prefix.contains(rest.strip_suffix('*').unwrap_or(rest)),
            (None, Some(start)) => prefix.starts_with(start),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_at_the_ends() {
        let cases = [
            ("kube-*", "kube-system", true),
            ("kube-*", "my-kube-system", false),
            ("*-system", "kube-system", true),
            ("*-system", "kube-system-2", false),
            ("*sys*", "kube-system", true),
            ("*", "anything", true),
            ("*", "", true),
            ("**", "anything", true),
            ("a*b", "axb", false),
            ("a*b", "a*b", true),
            ("default", "default", true),
            ("default", "default-2", false),
        ];
        for (text, candidate, expected) in cases {
            assert_eq!(Wildcard::new(text).matches(candidate), expected, "{text} {candidate}");
        }
    }

    #[test]
    fn a_generated_name_is_known_by_its_start_only() {
        let cases = [
            ("web-*", "web-", true),
            ("*web*", "my-web-", true),
            ("*-web", "my-web", false),
            ("web-", "web-", false),
            ("web-a*", "web-", false),
        ];
        for (text, prefix, expected) in cases {
            assert_eq!(Wildcard::new(text).matches_generate_name(prefix), expected, "{text} {prefix}");
        }
    }
}
