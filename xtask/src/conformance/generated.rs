//! Made-up inputs for function-patch-and-transform, put before plat's native one and the real one alike.
//!
//! Owns the generator. It is seeded, so a difference comes back with the same number.

use plat_expand::function::{FunctionResource, RunFunctionRequest, State};
use plat_expand::go::json as go_json;
use plat_resource::Value;
use serde_json::json;

/// A small generator of pseudo-random numbers (SplitMix64): the same on every machine.
pub(crate) struct Random(u64);

impl Random {
    /// A generator that always gives the same for the same seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    /// True once in `odds` times.
    pub(crate) fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    /// One of `choices`.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}

const FIELDS: [&str; 44] = [
    "text",
    "int",
    "float",
    "negative",
    "whole",
    "tiny",
    "large",
    "million",
    "truth",
    "yes",
    "nothing",
    "empty",
    "list",
    "numbers",
    "mixed",
    "items",
    "object",
    "emptyList",
    "emptyObject",
    "json",
    "jsonList",
    "base64",
    "milli",
    "quantity",
    "digits",
    "decimal",
    "unicode",
    "lines",
    "map",
    "deep",
    "key.with/dots",
    "hex",
    "percent",
    "huge",
    "nested",
    "zero",
    "truthText",
    "space",
    "quoted",
    "control",
    "exponent",
    "infinite",
    "missing",
    "other",
];

fn spec() -> Value {
    json!({
        "text": "Hello World", "int": 3, "float": 1.5, "negative": -7, "whole": 2.0, "tiny": 1e-7,
        "large": 9_007_199_254_740_993_i64, "million": 1_000_000, "truth": true, "yes": "yes", "nothing": null,
        "empty": "", "list": ["a", "b", "c"], "numbers": [1, 2.5, 3], "mixed": ["a", 1, true, null],
        "items": [{"name": "x", "v": 1}, {"name": "y", "v": 2}], "object": {"k": "v", "n": 1}, "emptyList": [],
        "emptyObject": {}, "json": "{\"a\": 1, \"b\": [true, 1.5, null]}", "jsonList": "[1, 2]", "base64": "SGVsbG8=",
        "milli": "250m", "quantity": "1.5Gi", "digits": "42", "decimal": "1.5", "unicode": "Grüße 世界 😀 ŉ İ",
        "lines": "one\ntwo\n", "map": {"one": {"v": 1}, "two": {"v": 2}}, "deep": {"a": {"b": {"c": [{"d": 1}]}}},
        "key.with/dots": "dotted", "hex": "0x1F", "percent": "50%", "huge": 1e300, "nested": [[1, 2], ["a"]],
        "zero": 0, "truthText": "true", "space": " padded ", "quoted": "say \"hi\" \\ `x` <b>&",
        "control": "a\tb\u{1}\u{7f}", "exponent": "1e3", "infinite": "inf",
    })
}

/// Request number `seed`.
pub(crate) fn request(seed: u64) -> RunFunctionRequest {
    let mut random = Random::new(seed);
    let composite = json!({
        "apiVersion": "ex.org/v1", "kind": "XThing",
        "metadata": {"name": "thing", "namespace": "team-a", "uid": "0381c980-a3b8-57dd-9819-6446165d3a56",
            "labels": {"tier": "gold"}, "annotations": {"a.b/c": "note"}},
        "spec": spec(), "status": {"seen": true},
    });
    let mut composite = composite;
    if random.one_in(2) {
        composite["spec"]["crossplane"] = json!({"compositionRef": {"name": "c"}});
    }
    let mut request = RunFunctionRequest { context: context(&mut random), ..RunFunctionRequest::default() };
    request.input = Some(go_json::to_struct(&input(&mut random)));
    request.observed.composite = resource(&composite);
    if random.one_in(2) {
        request.observed = observe(request.observed, &mut random);
    }
    if random.one_in(4) {
        let produced = json!({"apiVersion": "v1", "kind": "Made", "metadata": {"name": "earlier"}, "spec": {"list": [1, 2], "n": 3}});
        request.desired.resources.insert("one".to_owned(), resource(&produced));
    }
    request
}

fn resource(value: &Value) -> FunctionResource {
    FunctionResource { resource: go_json::to_struct(value), ..FunctionResource::default() }
}

fn context(random: &mut Random) -> Value {
    match random.below(3) {
        0 => json!({}),
        1 => go_json::to_struct(
            &json!({"apiextensions.crossplane.io/environment": {"region": "eu", "n": 3, "list": ["a"], "object": {"k": 1}}}),
        ),
        _ => json!({"other": {"a": "b"}}),
    }
}

fn observe(mut state: State, random: &mut Random) -> State {
    let mut live = json!({
        "apiVersion": "nop.example.org/v1", "kind": "NopResource",
        "metadata": {"name": "live-one", "namespace": "team-a", "uid": "11"},
        "spec": spec(),
        "status": {"text": "ready", "int": 3, "flag": true, "off": false, "list": ["a"], "nothing": null},
    });
    match random.below(5) {
        0 => {
            live["status"]["conditions"] =
                json!([{"type": "Ready", "status": "True"}, {"type": "Synced", "status": "False", "reason": "X"}]);
        }
        1 => live["status"]["conditions"] = json!([{"type": "Ready", "status": "False"}]),
        2 => live["status"]["conditions"] = json!("odd"),
        3 => live["status"]["conditions"] = json!([{"type": "Ready", "status": true}]),
        _ => {}
    }
    let mut live = resource(&live);
    live.connection_details.insert("password".to_owned(), b"secret".to_vec());
    state.resources.insert("one".to_owned(), live);
    state
}

fn input(random: &mut Random) -> Value {
    let count = 1 + random.below(4);
    let patches: Vec<Value> = (0..count).map(|_| patch(random, false)).collect();
    let mut template = json!({"name": "one", "patches": patches});
    if !random.one_in(8) {
        template["base"] = base(random);
    }
    if random.one_in(2) {
        template["readinessChecks"] = (0..=random.below(2)).map(|_| readiness(random)).collect();
    }
    if random.one_in(3) {
        template["connectionDetails"] = (0..=random.below(2)).map(|_| detail(random)).collect();
    }
    let mut input = json!({"apiVersion": "pt.fn.crossplane.io/v1beta1", "kind": "Resources", "resources": [template]});
    if random.one_in(6) {
        input["patchSets"] = json!([{"name": "set", "patches": [patch(random, false)]}]);
    }
    if random.one_in(5) {
        input["environment"] = json!({"patches": [patch(random, true)]});
    }
    if random.one_in(8) {
        input["writeConnectionSecretToRef"] = json!({"name": "conn", "patches": [{"type": "FromCompositeFieldPath", "fromFieldPath": "metadata.name", "toFieldPath": "namespace"}]});
    }
    input
}

fn base(random: &mut Random) -> Value {
    match random.below(12) {
        0 => json!({"apiVersion": "nop.example.org/v1", "kind": "NopResource", "metadata": null, "spec": {}}),
        1 => json!({"apiVersion": "nop.example.org/v1", "spec": {}}),
        2 => json!({"kind": "NopResource"}),
        _ => json!({
            "apiVersion": "nop.example.org/v1", "kind": "NopResource",
            "metadata": {"name": "given", "labels": {"a": "b"}},
            "spec": {
                "obj": {"k": "old", "keep": 1, "l": [9], "sub": {"a": 1, "l": [1], "deeper": {"x": [1]}}, "zero": 0, "estr": "", "n": null, "f": false},
                "list": [7, 8], "objs": [{"name": "x", "l": [1]}, {"name": "z"}], "str": "s", "nul": null, "num": 5,
                "empty": {}, "elist": [], "nestedl": [[1], [2]], "map": {"one": {"v": 1}, "a.b": {"v": 2}},
            },
        }),
    }
}

fn from_path(random: &mut Random) -> String {
    match random.below(14) {
        0 => "metadata.name".to_owned(),
        1 => "metadata.annotations[a.b/c]".to_owned(),
        2 => "spec.items[0].name".to_owned(),
        3 => "spec.items[5].name".to_owned(),
        4 => "spec.text.sub".to_owned(),
        5 => "spec[text]".to_owned(),
        6 => random
            .pick(&[
                "spec..text",
                "spec.",
                ".spec",
                "spec[",
                "spec]",
                "spec[]",
                "spec.items[*].name",
                "spec.nothing.x",
                "spec[items][0]",
                "spec['text']",
                "status.text",
                "status.int",
            ])
            .to_owned(),
        7 => random.pick(&["region", "n", "list", "object", "object.k"]).to_owned(),
        _ => match random.pick(&FIELDS) {
            field if field.contains('.') => format!("spec[{field}]"),
            field => format!("spec.{field}"),
        },
    }
}

fn to_path(random: &mut Random) -> &'static str {
    random.pick(&[
        "spec.out",
        "spec.obj",
        "spec.list",
        "spec.str",
        "spec.nul",
        "spec.num",
        "spec.obj.sub",
        "spec.obj.l",
        "spec.new.deep[2].x",
        "spec.objs[*].extra",
        "spec.map[*].v",
        "spec.nothere[*].x",
        "spec.str[*]",
        "spec.nul.x",
        "spec.str.x",
        "spec.list[0]",
        "spec.list[4]",
        "spec.list[1025]",
        "spec.list.x",
        "metadata.labels[x.y/z]",
        "metadata.name",
        "metadata.annotations.a",
        "kind",
        "spec.empty",
        "spec.elist",
        "spec.nestedl[0]",
        "spec.objs[0]",
        "spec.obj.n",
        "spec.obj.zero",
        "status.x",
        "spec[a.b]",
        "spec.nestedl[*][*]",
        "spec[*]",
        "spec",
        "region",
        "object",
        "list",
    ])
}

fn patch(random: &mut Random, environment: bool) -> Value {
    let kinds: &[&str] = if environment {
        &[
            "FromCompositeFieldPath",
            "ToCompositeFieldPath",
            "FromEnvironmentFieldPath",
            "ToEnvironmentFieldPath",
            "CombineFromComposite",
            "CombineToComposite",
        ]
    } else {
        &[
            "FromCompositeFieldPath",
            "FromCompositeFieldPath",
            "FromCompositeFieldPath",
            "ToCompositeFieldPath",
            "FromEnvironmentFieldPath",
            "ToEnvironmentFieldPath",
            "CombineFromComposite",
            "CombineToComposite",
            "CombineFromEnvironment",
            "CombineToEnvironment",
            "PatchSet",
        ]
    };
    let kind = random.pick(kinds);
    let mut patch = json!({"type": kind});
    if kind == "PatchSet" {
        patch["patchSetName"] = json!(random.pick(&["set", "set", "none"]));
        return patch;
    }
    if kind.starts_with("Combine") {
        let variables: Vec<Value> =
            (0..=random.below(3)).map(|_| json!({"fromFieldPath": from_path(random)})).collect();
        patch["combine"] = json!({"strategy": "string", "variables": variables, "string": {"fmt": format(random)}});
        // Such a patch writes a key "*", over which the real function's next wildcard runs out of stack.
        patch["toFieldPath"] = json!(to_path(random).replace("[*]", "[0]"));
    } else {
        patch["fromFieldPath"] = json!(from_path(random));
        if !random.one_in(6) {
            patch["toFieldPath"] = json!(to_path(random));
        }
    }
    if random.one_in(2) {
        patch["transforms"] = (0..=random.below(3)).map(|_| transform(random)).collect();
    }
    if random.one_in(2) {
        patch["policy"] = policy(random);
    }
    patch
}

fn policy(random: &mut Random) -> Value {
    let mut policy = json!({});
    if random.one_in(2) {
        policy["fromFieldPath"] = json!(random.pick(&["Optional", "Required"]));
    }
    if random.one_in(2) {
        policy["toFieldPath"] = json!(random.pick(&[
            "Replace",
            "MergeObjects",
            "MergeObjectsAppendArrays",
            "ForceMergeObjects",
            "ForceMergeObjectsAppendArrays",
            "MergeObject",
            "AppendArray",
        ]));
    }
    policy
}

fn format(random: &mut Random) -> String {
    let verbs = "vvsdqxXtbcoOUeEfFgGTwpz%!";
    let flags = [
        "", "", "", "+", "-", "#", " ", "0", "08", "5", "-5", ".2", "5.1", "+.3", "[1]", "[2]", "[3]", "*", "#+",
        "[1]5", "6.", ".[1]*", "05", "# ", "+08.2", "-07",
    ];
    (0..=random.below(3))
        .map(|index| {
            let verb = char::from(verbs.as_bytes()[random.below(verbs.len())]);
            // Addresses differ from run to run.
            let verb = if verb == 'p' { 'v' } else { verb };
            format!("{}%{}{verb}", if index > 0 { "-" } else { "" }, flags[random.below(flags.len())])
        })
        .collect()
}

fn transform(random: &mut Random) -> Value {
    match random.below(10) {
        0 => {
            json!({"type": "map", "map": {"Hello World": "mapped", "yes": {"a": 1}, "42": [1, 2], "": null, "one": 7}})
        }
        1 => matching(random),
        2 | 3 => math(random),
        4 | 5 => convert(random),
        _ => string(random),
    }
}

fn matching(random: &mut Random) -> Value {
    let regexps =
        ["^Hello", "[0-9]+$", "\\d+", "(?i)hello", "\\bW", "[[:alpha:]]+ld", "\\p{L}+", "^\\s", "a{2,3}?", "[^\\w]"];
    let mut found = json!({"patterns": [
        {"type": "literal", "literal": random.pick(&["Hello World", "42", ""]), "result": random.pick(&["a", "b"])},
        {"type": "regexp", "regexp": random.pick(&regexps), "result": {"n": 1, "l": [1.5]}},
    ]});
    match random.below(4) {
        0 => found["fallbackTo"] = json!("Input"),
        1 => found["fallbackValue"] = json!({"x": 3}),
        2 => {
            found["fallbackTo"] = json!("Input");
            found["fallbackValue"] = json!("both");
        }
        _ => {}
    }
    json!({"type": "match", "match": found})
}

fn math(random: &mut Random) -> Value {
    let number = [0_i64, 1, -1, 2, 100, -5, 1_000_000, i64::from(i32::MAX)][random.below(8)];
    match random.below(3) {
        0 => json!({"type": "math", "math": {"type": "Multiply", "multiply": number}}),
        1 => json!({"type": "math", "math": {"type": "ClampMin", "clampMin": number}}),
        _ => json!({"type": "math", "math": {"type": "ClampMax", "clampMax": number}}),
    }
}

fn convert(random: &mut Random) -> Value {
    let mut convert = json!({"toType": random.pick(&["string", "int", "int64", "bool", "float64", "object", "array"])});
    if random.one_in(2) {
        convert["format"] = json!(random.pick(&["none", "quantity", "json"]));
    }
    json!({"type": "convert", "convert": convert})
}

fn string(random: &mut Random) -> Value {
    let string = match random.below(8) {
        0 | 1 => json!({"type": "Format", "fmt": format(random)}),
        2 | 3 => json!({"type": "Convert", "convert": random.pick(&[
            "ToUpper", "ToLower", "ToJson", "ToBase64", "FromBase64", "ToSha1", "ToSha256", "ToSha512", "ToAdler32", "Bogus",
        ])}),
        4 => {
            json!({"type": random.pick(&["TrimPrefix", "TrimSuffix"]), "trim": random.pick(&["Hello", "d", "", "[", "]", "1"])})
        }
        5 => {
            json!({"type": "Regexp", "regexp": {"match": random.pick(&["(\\w+) (\\w+)", "[0-9]+", "o.*?o", "(x)|(H)", "^$", "ü.", "\\PL", "[a-c&&b]"]), "group": random.below(4)}})
        }
        6 => json!({"type": "Join", "join": {"separator": random.pick(&["", ",", ", ", "é", "--"])}}),
        _ => {
            json!({"type": "Replace", "replace": {"search": random.pick(&["o", "l", " ", "Hello", "1"]), "replace": random.pick(&["", "0", "$1", "é"])}})
        }
    };
    json!({"type": "string", "string": string})
}

fn readiness(random: &mut Random) -> Value {
    let path = random.pick(&[
        "status.text",
        "status.int",
        "status.flag",
        "status.off",
        "status.none",
        "status.nothing",
        "status.list",
        "status.text.x",
    ]);
    match random.below(7) {
        0 => json!({"type": "None"}),
        1 => json!({"type": "NonEmpty", "fieldPath": path}),
        2 => json!({"type": "MatchString", "fieldPath": path, "matchString": "ready"}),
        3 => json!({"type": "MatchInteger", "fieldPath": path, "matchInteger": 3}),
        4 => json!({"type": "MatchTrue", "fieldPath": path}),
        5 => json!({"type": "MatchFalse", "fieldPath": path}),
        _ => {
            json!({"type": "MatchCondition", "matchCondition": {"type": random.pick(&["Ready", "Synced", "Other"]), "status": random.pick(&["True", "False", "Unknown"])}})
        }
    }
}

fn detail(random: &mut Random) -> Value {
    match random.below(3) {
        0 => json!({"name": "value", "type": "FromValue", "value": "x"}),
        1 => {
            json!({"name": "key", "type": "FromConnectionSecretKey", "fromConnectionSecretKey": random.pick(&["password", "none"])})
        }
        _ => json!({"name": "field", "type": "FromFieldPath", "fromFieldPath": from_path(random)}),
    }
}
