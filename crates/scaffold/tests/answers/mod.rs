//! Files of recorded answers of the real programs, and what is said where ours differ.

use std::path::{Path, PathBuf};

/// So many differences are shown.
const SHOWN: usize = 20;

/// Does `compare` with the kept answers of this name, and with as many more as the file holds that the variable names.
pub(crate) fn each(name: &str, variable: &str, compare: impl Fn(&str)) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let more = std::env::var_os(variable).map(PathBuf::from);
    for path in [Some(kept), more].into_iter().flatten() {
        compare(&std::fs::read_to_string(path).expect("the answers"));
    }
}

/// Fails where one of `count` answers is another, or where there is none at all.
pub(crate) fn settle(count: usize, found: &[String]) {
    let shown = found[..found.len().min(SHOWN)].join("\n");
    assert!(count > 0 && found.is_empty(), "{} of {count} differ:\n{shown}", found.len());
}
