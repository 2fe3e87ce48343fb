//! Two values merged by each policy: bounded, and no surprise where the rules promise none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plat_resource::Value;
use plat_resource::merge::{MergeOptions, merge};

fuzz_target!(|bytes: &[u8]| {
    let Some((_, values)) = plat_fuzz::line_and_values(bytes) else { return };
    let [destination, source] = values.as_slice() else { return };
    for (keep_map_values, append_arrays) in [(true, false), (true, true), (false, false), (false, true)] {
        let options = MergeOptions { keep_map_values, append_arrays };
        assert_eq!(merge(None, source, options).as_ref(), Ok(source));
        let Ok(merged) = merge(Some(destination), source, options) else { continue };
        assert!(nodes(&merged) <= nodes(destination) + nodes(source), "{merged}");
        if !append_arrays {
            assert_eq!(merge(Some(&merged), source, options), Ok(merged), "merged twice");
        }
    }
});

fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(map) => map.values().map(nodes).sum::<usize>(),
        _ => 0,
    }
}
