use proptest::prelude::*;

use super::compile;

#[test]
fn matches_what_go_matches() {
    let cases = [
        (r"^\d+$", "12", true),
        (r"^\d+$", "١٢", false),
        (r"^\w+$", "é", false),
        (r"^[\w-]+$", "a-b", true),
        (r"^[^\W]+$", "a", true),
        (r"\bb", "éb", true),
        (r"^\s$", "\u{b}", false),
        (r"^[[a]+$", "[a", true),
        (r"^[a&&b]+$", "&b", true),
        (r"^[a~~b]+$", "~", true),
        (r"^\Qa.b\E$", "a.b", true),
        (r"^\Qa.b\E$", "axb", false),
        (r"^a{,2}$", "a{,2}", true),
        (r"^a{$", "a{", true),
        (r"^a{2}$", "aa", true),
        (r"\Aa\z", "a", true),
        ("a$", "a\n", false),
        (r"^[[:alpha:]]+$", "ab", true),
        (r"^\p{^Greek}$", "a", true),
        (r"^\pL\P{L}$", "a1", true),
        (r"^\x41\101\x{42}\_$", "AAB_", true),
        (r"^[]a]+$", "]a", true),
        (r"^[a-]+$", "a-", true),
        (r"(?i)^ABC$", "abc", true),
        (r"(?P<1x>a)(?<n>b)", "ab", true),
        (r"^*a", "a", true),
        (r"\Bb", "ab", true),
    ];
    for (pattern, text, want) in cases {
        assert_eq!(compile(pattern).unwrap().is_match(text), want, "{pattern} on {text:?}");
    }
}

#[test]
fn refuses_in_the_words_of_go() {
    let cases = [
        ("(", "missing closing ): `(`"),
        ("a)", "unexpected ): `a)`"),
        ("[a", "missing closing ]: `[a`"),
        ("x[z-a]", "invalid character class range: `z-a`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        (r"\Z", r"invalid escape sequence: `\Z`"),
        (r"\8", r"invalid escape sequence: `\8`"),
        (r"\", "trailing backslash at end of expression: ``"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?!a)", "invalid or unsupported Perl syntax: `(?!`"),
        ("(?<!a)", "invalid named capture: `(?<!a)`"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(a{100}){11}", "invalid repeat count: `{11}`"),
        (r"\p{Nope}", r"invalid character class range: `\p{Nope}`"),
        (r"\xG1", r"invalid escape sequence: `\xG1`"),
    ];
    for (pattern, want) in cases {
        assert_eq!(compile(pattern).unwrap_err(), format!("error parsing regexp: {want}"), "{pattern}");
    }
}

#[test]
fn deep_and_large_patterns_are_refused_not_fatal() {
    assert!(compile(&"(".repeat(100_000)).is_err());
    let deep = format!("{}{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(compile(&deep).unwrap_err().contains("nests too deeply"));
    assert!(compile(r"(\p{L}{1000}){1}(\p{L}{1000}){1}(\p{L}{1000}){1}(\p{L}{1000}){1}").is_err());
}

proptest! {
    #[test]
    fn no_pattern_panics(pattern in r"[\\\[\](){}*+?|^$.pPdDwWsSbBQEzAxia0-9,:&~-]{0,16}") {
        let _ = compile(&pattern);
    }
}
