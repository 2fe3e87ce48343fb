use super::*;
use plat_health::Status;
use proptest::prelude::*;
use serde_json::json;

fn run_with(script: &str, opens_libraries: bool, limits: Limits) -> Option<Health> {
    let check = Check { script: script.to_owned(), opens_libraries };
    let object = json!({"kind": "X", "spec": {"replicas": 3, "ratio": 0.5, "list": [1, null, 2], "none": null}, "status": {"b": 1, "a": 2, "c": 3}});
    run(&check, &object, 1_767_312_245, &limits, None)
}

/// What a script without the open libraries says.
fn says(script: &str) -> String {
    shown(run_with(script, false, Limits::default()))
}

/// The message of an expression, with the open libraries.
fn value(expression: &str) -> String {
    let script = format!("return {{status = 'Healthy', message = tostring({expression})}}");
    shown(run_with(&script, true, Limits::default())).trim_start_matches("Healthy ").to_owned()
}

fn shown(health: Option<Health>) -> String {
    health.map_or_else(|| "nothing".to_owned(), |it| format!("{} {}", it.status, it.message))
}

#[test]
fn what_is_returned_is_read_as_argo_cd_does() {
    let cases = [
        ("return {status = 'Healthy', message = 'm'}", "Healthy m"),
        ("return {status = 'Healthy'}", "Healthy "),
        ("return {Status = 'Degraded', MESSAGE = 'm'}", "Degraded m"),
        ("return {status = 'healthy'}", "Unknown Lua returned an invalid health status"),
        ("return {message = 'm'}", "Unknown Lua returned an invalid health status"),
        ("return nil", "nothing"),
        ("return", "nothing"),
        ("", "nothing"),
        ("return {}", "nothing"),
        ("return {'Healthy'}", "nothing"),
        ("return {status = 'Healthy', message = 5}", "nothing"),
        ("return {status = 5}", "nothing"),
        ("return 1", "Unknown expect table output from Lua script, not number"),
        ("return 'x'", "Unknown expect table output from Lua script, not string"),
        ("return {status = 'Healthy'}, nil", "nothing"),
        ("return {status = 'Healthy', more = print}", "Unknown cannot encode function to JSON"),
        ("return {status = 'Healthy', 'x'}", "Unknown cannot encode mixed or invalid key types"),
        ("hs = {status = 'Healthy'}; hs.hs = hs; return hs", "Unknown cannot encode recursively nested tables to JSON"),
    ];
    for (script, expected) in cases {
        assert_eq!(says(script), expected, "{script}");
    }
}

#[test]
fn mistakes_are_told_with_their_line() {
    let cases = [
        ("local x = 1\nreturn obj.nothing.x", "<string>:2: attempt to index a nil value (field 'nothing')"),
        ("return {status = ", "<string>:1: unexpected symbol near <eof>"),
        ("error('no')", "<string>:1: no"),
        ("for i in ipairs(obj.none) do end", "<string>:1: bad argument #1 to ipairs (table expected, got nil)"),
        ("for i in pairs('x') do end", "<string>:1: bad argument #1 to pairs (table expected, got string)"),
    ];
    for (script, expected) in cases {
        assert_eq!(says(script), format!("Unknown {expected}"));
    }
}

#[test]
fn an_object_is_seen_as_in_argo_cd() {
    let cases = [
        ("obj.spec.replicas", "3"),
        ("obj.spec.replicas / 2", "1.5"),
        ("obj.spec.ratio", "0.5"),
        ("#obj.spec.list", "2"),
        ("obj.spec.none", "nil"),
        ("obj.spec.replicas .. ' of ' .. 4", "3 of 4"),
        ("table.getn(obj.spec.list)", "2"),
        ("unpack({7, 8})", "7"),
        ("math.pow(2, 3) == 8", "true"),
        ("math.huge > 1", "true"),
        ("string.format('%d/%d', 1, 2)", "1/2"),
    ];
    for (expression, expected) in cases {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn pairs_has_an_order() {
    let script = "local s = {} for k, v in pairs(obj.status) do s[#s + 1] = k .. v end
        for k in pairs({10, 20, x = 1, [2.5] = 1}) do s[#s + 1] = k end
        for k in pairs(obj.status) do obj.status[k] = nil end
        if next(obj.status) == nil then s[#s + 1] = 'empty' end
        return {status = 'Healthy', message = table.concat(s, ' ')}";
    for _ in 0..5 {
        assert_eq!(says(script), "Healthy a2 b1 c3 1 2 2.5 x empty");
    }
}

#[test]
fn the_time_is_the_one_that_is_given() {
    let cases = [
        ("os.time()", "1767312245"),
        ("os.time({year = 2026, month = 1, day = 2, hour = 0, min = 4, sec = 5})", "1767312245"),
        ("os.time({year = 2025, month = 13, day = 2, hour = 0, min = 4, sec = 5})", "1767312245"),
        ("os.date('!%Y-%m-%d %H:%M:%S %% %q')", "2026-01-02 00:04:05 % %q"),
        ("os.date('*t', 0).wday", "5"),
        ("require('os').time()", "1767312245"),
    ];
    for (expression, expected) in cases {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn texts_match_as_in_lua() {
    let cases = [
        ("string.find('hello world', 'wor')", "7"),
        ("select(2, string.find('hello', 'l+'))", "4"),
        ("select('#', string.find('abc', '(b)(c)'))", "4"),
        ("string.find('a.b', '.', 1, true)", "2"),
        ("string.find('abc', 'b', -1)", "nil"),
        ("string.find('abc', '', 10)", "nil"),
        ("string.find('', '')", "1"),
        ("string.match('key=value', '(%w+)=')", "key"),
        ("string.match('  x  ', '^%s*(.-)%s*$')", "x"),
        ("string.match('2026-01-02', '%d+', 6)", "01"),
        ("string.match('f(a(b)c)d', '%b()')", "(a(b)c)"),
        ("string.match('THE (quick) fox', '%f[%a]%a+%f[%A]', 5)", "quick"),
        ("string.match('abab', '(ab)%1')", "ab"),
        ("string.match('x]y', '[]]')", "]"),
        ("string.match('a-b', '[a%-]+')", "a-"),
        ("string.match('ab12', '[^%d]+')", "ab"),
        ("string.match('abc', '()b()')", "2"),
        ("string.match('x', 'a?x')", "x"),
        ("string.gsub('hello', 'l', 'L')", "heLLo"),
        ("string.gsub('hello', 'l', 'L', 1)", "heLlo"),
        ("string.gsub('abc', '%w', '%0%0')", "aabbcc"),
        ("string.gsub('abc', '', '-')", "-a-b-c-"),
        ("string.gsub('a b', '(%w) (%w)', '%2 %1')", "b a"),
        ("string.gsub('$a $b', '%$(%w)', {a = 'x'})", "x $b"),
        ("string.gsub('ab', '%w', function(c) if c == 'a' then return 1 end end)", "1b"),
        ("string.gsub('^a', '^^', 'x')", "xa"),
        ("('abc'):upper():rep(2)", "ABCABC"),
        (
            "(function() local s = '' for w in string.gmatch('a1 b2', '%a%d') do s = s .. w .. ';' end return s end)()",
            "a1;b2;",
        ),
        ("(function() local n = 0 for _ in string.gmatch('abc', '') do n = n + 1 end return n end)()", "4"),
    ];
    for (expression, expected) in cases {
        assert_eq!(value(expression), expected, "{expression}");
    }
    let broken = [
        ("string.find('a', '(')", "unfinished capture"),
        ("string.find('a', '[a')", "malformed pattern (missing ']')"),
        ("string.find('a', '%')", "malformed pattern (ends with '%')"),
        ("string.gsub('a', 'a', '%2')", "invalid capture index in replacement string"),
        ("string.gsub('a', 'a', true)", "string/function/table expected"),
    ];
    for (expression, expected) in broken {
        assert_eq!(value(expression), format!("Unknown {expected}"), "{expression}");
    }
}

#[test]
fn there_is_no_way_out() {
    for name in [
        "io",
        "debug",
        "package",
        "coroutine",
        "load",
        "loadstring",
        "dofile",
        "loadfile",
        "setmetatable",
        "collectgarbage",
    ] {
        assert_eq!(value(name), "nil", "{name}");
    }
    for name in ["os.getenv", "os.execute", "string.dump", "math.random", "table.move"] {
        assert_eq!(value(name), "nil", "{name}");
    }
    assert_eq!(says("return require('io')"), "Unknown module io not found");
    assert_eq!(says("return os.time()"), "Unknown <string>:1: attempt to index a nil value (global 'os')");
    let libraries = says("return {status = 'Healthy', message = tostring(string) .. tostring(math)}");
    assert_eq!(libraries, "Healthy nilnil");
    let compiled = run_with("\u{1b}Lua", false, Limits::default());
    assert!(shown(compiled).starts_with("Unknown "), "code that is compiled already");
}

#[test]
fn nothing_runs_for_ever() {
    let endless = [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "local function again() return pcall(again) end again() while true do end",
        "while true do xpcall(error, function() while true do end end) end",
        "local s = 'x' while true do s = s .. s end",
        "return string.rep('x', 1e12)",
        "local s = string.rep('', 2^53)",
        "return string.find(string.rep('a', 10000), string.rep('a*', 20) .. 'b')",
        "local t = {} while true do t[#t + 1] = {} end",
        "repeat local t = {} for i = 1, 1000 do t[i] = i end for _ in pairs(t) do end until false",
    ];
    for script in endless {
        let health = shown(run_with(script, true, Limits { steps: 1_000_000, memory: 8 << 20 }));
        let told = ["too many steps", "too much memory", "nothing"];
        assert!(told.iter().any(|it| health.contains(it)), "{script}: {health}");
    }
}

#[test]
fn an_ended_check_does_not_answer() {
    let script = "pcall(function() while true do end end) return {status = 'Healthy'}";
    assert_eq!(says(script), "Unknown the check takes too many steps");
    let check = Check { script: "while true do end".to_owned(), opens_libraries: false };
    let stop: Stop = Arc::new(|| true);
    let health = run(&check, &json!({}), 0, &Limits::default(), Some(&stop));
    assert_eq!(health, Some(Health::new(Status::Unknown, "the check takes too long")));
}

/// What functions of a `string` library say of a text and a pattern, one a line; of an error only that it is one.
const ASK: &str = r"
local text, pattern = ...
local lines = {}
local function try(name, ask)
  local results = {pcall(ask)}
  if not results[1] then results = {'error'} end
  for index = 1, #results do results[index] = tostring(results[index]) end
  lines[#lines + 1] = name .. ' ' .. table.concat(results, ',')
end
try('find', function() return string.find(text, pattern) end)
try('find from', function() return string.find(text, pattern, -3) end)
try('plain', function() return string.find(text, pattern, 2, true) end)
try('match', function() return string.match(text, pattern) end)
try('gsub', function() return string.gsub(text, pattern, '<%0>') end)
try('gsub once', function() return string.gsub(text, pattern, '%1', 1) end)
try('gmatch', function()
  local found = {}
  for one, other in string.gmatch(text, pattern) do found[#found + 1] = tostring(one) .. ':' .. tostring(other) end
  return table.concat(found, ';')
end)
return table.concat(lines, '\n')
";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Lua's own library is at hand, if only for short texts.
    #[test]
    fn patterns_match_as_lua_matches_them(text in "[abA1 .%\\]]{0,9}", pattern in "[abA1%().*+?\\[\\]^$dwfbsDW-]{0,9}") {
        let ours = Lua::new_with(StdLib::TABLE | StdLib::STRING, LuaOptions::new()).unwrap();
        libraries::install(&ours, true, 0, &Rc::new(Budget::new(1_000_000, None))).unwrap();
        let theirs = Lua::new_with(StdLib::TABLE | StdLib::STRING, LuaOptions::new()).unwrap();
        let ask = |lua: &Lua| lua.load(ASK).call::<String>((text.as_str(), pattern.as_str())).unwrap();
        prop_assert_eq!(ask(&ours), ask(&theirs));
    }

    /// Whatever a ConfigMap says, a run ends with an answer.
    #[test]
    fn any_script_ends(words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..24)) {
        let limits = Limits { steps: 50_000, memory: 4 << 20 };
        let health = run_with(&words.join(" "), true, limits);
        prop_assert!(health.is_none_or(|it| !it.message.contains("panic")));
    }
}

const WORDS: &[&str] = &[
    "while true do",
    "end",
    "end",
    "for k, v in pairs(obj.status) do",
    "for i = 1, 1e9 do",
    "local t = {}",
    "t[#t + 1] = t",
    "pcall(function()",
    "end)",
    "if obj.spec then",
    "else",
    "return t",
    "return {status = 'Healthy'}",
    "t.x = string.rep('a', 1e5)",
    "t.s = string.gsub(t.x or 'a', '.-', '%0%0')",
    "goto again",
    "::again::",
    "error(t)",
    "table.insert(t, 1, t.x)",
    "table.sort(t)",
    "t.s = table.concat(t)",
    "string.format('%s', t.x)",
    "string.find(t.x or '', '(a*)*b')",
    "repeat",
    "until false",
    "break",
    "function f(...) return f(...) end",
    "f(t)",
    "table.remove(t)",
    "unpack(t)",
    "obj = nil",
    "x = x .. x",
    "x = 'y'",
    ";",
];
