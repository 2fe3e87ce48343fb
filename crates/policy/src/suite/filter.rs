//! Which tests and cases are run: the `--run` of `gator verify`.

use plat_resource::go_regex;
use regex::Regex;

use super::Test;

/// A filter over the names of tests and cases.
#[derive(Debug, Clone, Default)]
pub enum Filter {
    /// Everything.
    #[default]
    All,
    /// Cases whose own name or whose test's name matches.
    Either(Regex),
    /// Cases that match the second, in tests that match the first.
    Both(Regex, Regex),
}

impl Filter {
    /// Reads a filter: nothing, `EXPRESSION`, or `TEST//CASE`.
    pub fn new(text: &str) -> Result<Self, String> {
        let compile = |text: &str| go_regex::compile(text).map_err(|error| format!("invalid test filter: {error}"));
        let parts: Vec<_> = text.split("//").collect();
        match parts.as_slice() {
            [""] => Ok(Self::All),
            [either] => Ok(Self::Either(compile(either)?)),
            [tests, cases] => Ok(Self::Both(compile(tests)?, compile(cases)?)),
            _ => Err("invalid test filter: a filter may include at most one \"//\"".to_owned()),
        }
    }

    pub(super) fn matches_test(&self, test: &Test) -> bool {
        match self {
            Self::All => true,
            Self::Either(regex) => {
                regex.is_match(&test.name) || test.cases.iter().any(|case| regex.is_match(&case.name))
            }
            Self::Both(regex, _) => regex.is_match(&test.name),
        }
    }

    pub(super) fn matches_case(&self, test: &str, case: &str) -> bool {
        match self {
            Self::All => true,
            Self::Either(regex) => regex.is_match(case) || regex.is_match(test),
            Self::Both(tests, cases) => tests.is_match(test) && cases.is_match(case),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Case;
    use super::*;

    #[test]
    fn filters_mean_what_gator_means() {
        let case = Case { name: "missing-label".to_owned(), ..Case::default() };
        let test = Test { name: "require-foo".to_owned(), cases: vec![case], ..Test::default() };
        let cases = [
            ("", true, true),
            ("missing", true, true),
            ("require", true, true),
            ("other", false, false),
            ("^require-foo$//", true, true),
            ("require//other", true, false),
            ("other//missing", false, false),
            ("//missing", true, true),
        ];
        for (text, of_test, of_case) in cases {
            let filter = Filter::new(text).unwrap();
            assert_eq!(filter.matches_test(&test), of_test, "{text}");
            assert_eq!(filter.matches_case("require-foo", "missing-label"), of_case, "{text}");
        }
        assert!(Filter::new("a//b//c").is_err());
        assert!(Filter::new("(").is_err());
    }
}
