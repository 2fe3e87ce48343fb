//! Small parsers of text: quantities, numbers, regular expressions, names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plat_expand::go::{parse, quote};
use plat_resource::quantity::Quantity;
use plat_resource::{go_regex, names};

fuzz_target!(|text: &str| {
    if let Ok(quantity) = Quantity::parse(text) {
        // Not a number for `0e527`, as in Go: zero times infinity.
        let _ = quantity.as_f64();
    }
    drop((parse::int(text), parse::bool(text), parse::float(text)));
    drop((quote::string(text, false), quote::string(text, true)));
    if let Ok(regex) = go_regex::compile(text) {
        let _ = regex.is_match(text);
    }
    drop(names::is_dns1123_subdomain(text));
});
