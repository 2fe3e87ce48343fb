use proptest::prelude::*;

use super::*;

fn field(name: &str) -> Step {
    Step::Field(name.to_owned())
}

fn elements(key: &str, which: Which) -> Step {
    Step::Elements { key: key.to_owned(), which }
}

#[test]
fn locations_are_read_step_by_step() {
    let cases = [
        ("", vec![]),
        ("spec", vec![field("spec")]),
        (
            "spec.containers[name: *].image",
            vec![field("spec"), field("containers"), elements("name", Which::All), field("image")],
        ),
        ("a[b:c]", vec![field("a"), elements("b", Which::Text("c".to_owned()))]),
        ("a[b: 42].c", vec![field("a"), elements("b", Which::Integer(42)), field("c")]),
        ("a[b: \"42\"]", vec![field("a"), elements("b", Which::Text("42".to_owned()))]),
        ("'a.b'.\"c d\"", vec![field("a.b"), field("c d")]),
        (r#""a\"b".'c\'d'.e"#, vec![field("a\"b"), field("c'd"), field("e")]),
        (r#""\n".''"#, vec![field("n"), field("")]),
        (" a . b [ c : * ] ", vec![field("a"), field("b"), elements("c", Which::All)]),
        ("a[\"*\": \"*\"]", vec![field("a"), elements("*", Which::Text("*".to_owned()))]),
    ];
    for (text, steps) in cases {
        assert_eq!(Location::parse(text), Ok(Location { steps }), "{text}");
    }
}

#[test]
fn what_is_no_location_is_said_as_gatekeeper_says_it() {
    let cases = [
        ("spec.", "trailing separators are forbidden"),
        ("spec..a", "unexpected token: expected field name or eof, got: SEPARATOR: \".\""),
        (".spec", "unexpected token: expected field name or eof, got: SEPARATOR: \".\""),
        ("spec a", "unexpected token: expected '.' or eof, got: IDENT: \"a\""),
        ("1abc", "unexpected token: expected field name or eof, got: INT: \"1\""),
        ("a.1", "unexpected token: expected field name or eof, got: INT: \"1\""),
        ("a[*]", "unexpected token: expected keyField in listSpec, got: GLOB: \"*\""),
        ("a[b]", "unexpected token: expected ':' following keyField b, got: RBRACKET: \"]\""),
        ("a[b:]", "unexpected token: expected key value or glob in listSpec, got: RBRACKET: \"]\""),
        ("a[b: c", "unexpected token: expected ']' following listSpec, got: EOF: \"\""),
        ("a[b: c][d: e]", "unexpected token: expected '.' or eof, got: LBRACKET: \"[\""),
        ("a.*", "unexpected token: expected field name or eof, got: GLOB: \"*\""),
        ("a/b", "unexpected token: expected '.' or eof, got: ERROR: \"/\""),
        ("/a", "unexpected token: expected field name or eof, got: ERROR: \"/\""),
        ("'a", "unexpected token: expected field name or eof, got: ERROR: \"a\""),
        ("a[b: -1]", "unexpected token: expected ']' following listSpec, got: EOF: \"\""),
        ("\u{e9}", "unexpected token: expected field name or eof, got: ERROR: \"\u{e9}\""),
    ];
    for (text, message) in cases {
        let error = Location::parse(text).map(|location| location.to_string());
        if text == "a[b: -1]" {
            // A dash belongs to names.
            assert_eq!(error, Ok("a[b: -1]".to_owned()));
            continue;
        }
        assert_eq!(error.map_err(|error| error.to_string()), Err(message.to_owned()), "{text}");
    }
}

#[test]
fn numbers_that_do_not_fit_are_refused() {
    assert!(Location::parse("a[b: 9223372036854775807]").is_ok());
    let error = Location::parse("a[b: 9223372036854775808]").map_err(|error| error.to_string());
    assert_eq!(
        error,
        Err("invalid integer: overflow in integer string: 9223372036854775808: parsing key value for key: b".to_owned())
    );
}

#[test]
fn a_location_has_an_end() {
    let long = |steps: usize| vec!["a"; steps].join(".");
    assert!(Location::parse(&long(MAX_STEPS)).is_ok());
    assert_eq!(Location::parse(&long(MAX_STEPS + 1)), Err(LocationError::TooLong));
    assert_eq!(Location::parse(&long(1_000_000)), Err(LocationError::TooLong));
}

fn any_step() -> impl Strategy<Value = Vec<Step>> {
    let name = "[a-z0-9.\"'\\\\ *:\\[\\]é-]{0,6}";
    let which = prop_oneof![Just(Which::All), name.prop_map(Which::Text), (0..=i64::MAX).prop_map(Which::Integer),];
    let list = proptest::option::of((name, which));
    (name, list).prop_map(|(field, list)| {
        let mut steps = vec![Step::Field(field)];
        steps.extend(list.map(|(key, which)| Step::Elements { key, which }));
        steps
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(steps in proptest::collection::vec(any_step(), 0..6)) {
        // `é` is read in quotes only, and Gatekeeper does not quote it.
        let steps: Vec<Step> = steps.into_iter().flatten().collect();
        let location = Location { steps };
        let text = location.to_string();
        prop_assume!(!text.contains('é'));
        prop_assert_eq!(Location::parse(&text), Ok(location));
    }

    #[test]
    fn no_text_is_too_odd(text in ".{0,40}") {
        if let Ok(location) = Location::parse(&text) {
            prop_assert!(location.steps().len() <= MAX_STEPS);
        }
    }
}
