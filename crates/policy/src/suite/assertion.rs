//! What must hold of the violations of one object.

use plat_resource::go_regex;

/// One assertion.
#[derive(Debug, Clone, Default)]
pub struct Assertion {
    /// How many violations there must be.
    pub violations: Wanted,
    /// What their messages must match to count; an expression of Go.
    pub message: Option<String>,
}

/// How many violations are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Wanted {
    /// At least one.
    #[default]
    Yes,
    /// None.
    No,
    /// So many.
    Exactly(i64),
    /// Anything else that was written.
    Unknown(String),
}

impl Assertion {
    /// Whether it holds; the error says why not, in the words of `gator verify`.
    pub(super) fn check(&self, messages: &[String]) -> Result<(), String> {
        let count = self.count(messages)?;
        let containing = match &self.message {
            Some(message) => format!("got {count} violations containing {message:?} but want"),
            None => format!("got {count} violations but want"),
        };
        let wrong = match &self.violations {
            Wanted::Yes if count == 0 => format!("{containing} at least 1"),
            Wanted::No if count > 0 => format!("{containing} none"),
            Wanted::Exactly(wanted) if *wanted < 0 => return Err(unusable(messages)),
            Wanted::Exactly(wanted) if *wanted != i64::try_from(count).unwrap_or(i64::MAX) => {
                format!("{containing} exactly {wanted}")
            }
            Wanted::Unknown(_) => return Err(unusable(messages)),
            _ => return Ok(()),
        };
        Err(format!("unexpected number of violations: {wrong}: got messages {}", list(messages)))
    }

    fn count(&self, messages: &[String]) -> Result<usize, String> {
        let Some(pattern) = self.message.as_deref().filter(|_| !messages.is_empty()) else { return Ok(messages.len()) };
        let regex = go_regex::compile(pattern)
            .map_err(|error| format!("message contains invalid regular expression: {error}"))?;
        Ok(messages.iter().filter(|message| regex.is_match(message)).count())
    }
}

fn unusable(messages: &[String]) -> String {
    let wanted = r#"assertion.violation, if set, must be a nonnegative integer, "yes", or "no""#;
    format!("invalid yaml: {wanted}: got messages {}", list(messages))
}

fn list(messages: &[String]) -> String {
    format!("[{}]", messages.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_messages_are_compared_as_gator_does() {
        let messages = ["no label a".to_owned(), "no label b".to_owned()];
        let check = |violations: Wanted, message: Option<&str>, messages: &[String]| {
            Assertion { violations, message: message.map(str::to_owned) }.check(messages).err()
        };
        assert_eq!(check(Wanted::Yes, None, &messages), None);
        assert_eq!(check(Wanted::Yes, Some("label (a|c)$"), &messages), None);
        assert_eq!(check(Wanted::Exactly(1), Some("label a"), &messages), None);
        assert_eq!(check(Wanted::No, Some("label c"), &messages), None);
        assert_eq!(check(Wanted::No, Some("("), &[]), None, "without messages no expression is read");
        let wrong = "unexpected number of violations: got 2 violations but want exactly 3: got messages [no label a no label b]";
        assert_eq!(check(Wanted::Exactly(3), None, &messages).as_deref(), Some(wrong));
        let wrong = "unexpected number of violations: got 0 violations containing \"x\" but want at least 1: got messages [no label a no label b]";
        assert_eq!(check(Wanted::Yes, Some("x"), &messages).as_deref(), Some(wrong));
        assert!(check(Wanted::No, Some("("), &messages).unwrap().starts_with("message contains invalid"));
        assert!(check(Wanted::Exactly(-1), None, &messages).unwrap().starts_with("invalid yaml"));
        assert!(check(Wanted::Unknown("maybe".to_owned()), None, &[]).unwrap().starts_with("invalid yaml"));
    }
}
