//! English plurals of kinds, as the ingestor guesses them for paths.
//!
//! Owns the rules that names of kinds meet; nouns that no kind is called by are left out.

/// The plural of a kind, in lower case.
pub(super) fn of(kind: &str) -> String {
    let word = kind.to_lowercase();
    let uncountable =
        ["series", "species", "news", "media", "software", "hardware", "equipment", "traffic", "info", "research"];
    let ends = |ending: &str| word.ends_with(ending);
    let stem = |length: usize| word.get(..word.len().saturating_sub(length)).unwrap_or_default();
    let vowel_before = |length: usize| stem(length).ends_with(['a', 'e', 'i', 'o', 'u', 'y']);
    if uncountable.contains(&word.as_str()) || ends("fish") || ends("deer") || ends("sheep") {
        word
    } else if ends("child") {
        format!("{word}ren")
    } else if ["matrix", "vertex", "index", "appendix", "codex"].iter().any(|ending| ends(ending)) {
        format!("{}ices", stem(2))
    } else if ["x", "ch", "ss", "sh", "zz"].iter().any(|ending| ends(ending)) {
        format!("{word}es")
    } else if ends("y") && (!vowel_before(1) || ends("quy")) {
        format!("{}ies", stem(1))
    } else if ends("sis") {
        format!("{}ses", stem(3))
    } else if ends("criterion") || ends("datum") {
        format!("{}a", stem(2))
    } else if ends("alias") || ends("gas") || (ends("us") && !stem(2).ends_with(['a', 'o', 'u'])) || ends("ris") {
        format!("{word}es")
    } else if ends("s") {
        word
    } else {
        format!("{word}s")
    }
}
