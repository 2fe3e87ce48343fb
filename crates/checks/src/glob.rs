//! The two languages of wildcards that Argo CD names kinds in.

use regex::Regex;

/// What a `*` may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Star {
    /// Anything, as in the keys of `resource.customizations` (gobwas/glob without separators).
    Anything,
    /// Anything within a group or within a kind, as in the folders of scripts (doublestar).
    WithinPart,
}

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(crate) struct Glob {
    regex: Regex,
    /// How many characters stand for themselves: the more, the more specific.
    literals: usize,
}

impl Glob {
    /// Compiles `pattern`; nothing, if it is no pattern.
    pub(crate) fn new(pattern: &str, star: Star) -> Option<Self> {
        let mut writer = Writer { out: "(?s)^".to_owned(), literals: 0, star };
        writer.pattern(pattern)?;
        writer.out.push('$');
        Some(Self { regex: Regex::new(&writer.out).ok()?, literals: writer.literals })
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    pub(crate) fn literals(&self) -> usize {
        self.literals
    }
}

struct Writer {
    out: String,
    literals: usize,
    star: Star,
}

impl Writer {
    fn pattern(&mut self, pattern: &str) -> Option<()> {
        let mut characters = pattern.chars();
        let mut depth = 0_usize;
        while let Some(character) = characters.next() {
            match character {
                '*' => self.out.push_str(if self.star == Star::Anything { ".*" } else { "[^/]*" }),
                '?' => self.out.push_str(if self.star == Star::Anything { "." } else { "[^/]" }),
                '[' => self.class(&mut characters)?,
                '{' => {
                    depth += 1;
                    self.out.push_str("(?:");
                }
                '}' if depth > 0 => {
                    depth -= 1;
                    self.out.push(')');
                }
                ',' if depth > 0 => self.out.push('|'),
                '\\' => self.literal(characters.next()?),
                other => self.literal(other),
            }
        }
        (depth == 0).then_some(())
    }

    fn literal(&mut self, character: char) {
        self.literals += 1;
        self.out.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
    }

    /// What follows `[`: characters and ranges, negated by `!`.
    fn class(&mut self, characters: &mut std::str::Chars<'_>) -> Option<()> {
        let (body, rest) = characters.as_str().split_once(']')?;
        *characters = rest.chars();
        let (negation, members) = body.strip_prefix('!').map_or(("", body), |rest| ("^", rest));
        let escape = |character: char| match character {
            '-' => "-".to_owned(),
            other => regex::escape(other.encode_utf8(&mut [0; 4])),
        };
        self.out.push_str(&format!("[{negation}{}]", members.chars().map(escape).collect::<String>()));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_argo_cds() {
        let cases = [
            ("*.aws.crossplane.io/*", "ec2.aws.crossplane.io/Instance", true, true),
            ("*.aws*", "ec2.aws.crossplane.io/Instance", true, false),
            ("*/*", "Pod", false, false),
            ("*", "a.b/C", true, false),
            ("a.{b,c}/?[A-C]", "a.c/xB", true, true),
            ("a.b/[!X]*", "a.b/Xy", false, false),
            ("a+b", "aab", false, false),
            ("a\\*", "a*", true, true),
        ];
        for (pattern, text, anything, within) in cases {
            let matches = |star| Glob::new(pattern, star).unwrap().matches(text);
            assert_eq!((matches(Star::Anything), matches(Star::WithinPart)), (anything, within), "{pattern} {text}");
        }
        assert!(Glob::new("a{b", Star::Anything).is_none());
        assert!(Glob::new("a\\", Star::Anything).is_none());
        assert!(Glob::new("[", Star::Anything).is_none());
    }
}
