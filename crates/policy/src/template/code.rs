//! Which engine a template is written for, and where its code stands.

use plat_resource::{FieldPath, Segment, Value, object};

/// The name of the engine for Rego.
pub(super) const REGO: &str = "Rego";
/// The name of the engine for CEL.
pub(super) const CEL: &str = "K8sNativeValidation";

/// The code of one engine.
#[derive(Debug, Clone)]
pub(super) enum Code<'a> {
    /// `targets[0].rego` and `libs`: always v0.
    Plain { target: &'a Value, path: FieldPath },
    /// `targets[0].code[].source`.
    Source { source: &'a Value, path: FieldPath },
}

/// The code for each engine in `target`, which stands at `path`.
pub(super) struct Codes<'a> {
    pub(super) rego: Option<Code<'a>>,
    pub(super) cel: Option<Code<'a>>,
    /// Engines that nobody knows.
    pub(super) unknown: Vec<(FieldPath, &'a str)>,
}

impl<'a> Codes<'a> {
    pub(super) fn read(target: &'a Value, path: &FieldPath) -> Self {
        let mut codes = Self { rego: None, cel: None, unknown: Vec::new() };
        for (index, code) in target.get("code").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let index = Segment::Index(u32::try_from(index).unwrap_or(u32::MAX));
            let place = path.key("code").join(index);
            let engine = object::string_at(code, &["engine"]).unwrap_or_default();
            let source = code.get("source").unwrap_or(&Value::Null);
            let slot = match engine {
                REGO => &mut codes.rego,
                CEL => &mut codes.cel,
                _ => {
                    codes.unknown.push((place.key("engine"), engine));
                    continue;
                }
            };
            slot.get_or_insert(Code::Source { source, path: place.key("source") });
        }
        // `rego` beside `code` wins over a Rego source there.
        if object::string_at(target, &["rego"]).is_some_and(|rego| !rego.is_empty()) {
            codes.rego = Some(Code::Plain { target, path: path.clone() });
        }
        codes
    }
}

/// The Rego modules of a template, with their places; the entry first.
pub(crate) fn rego_modules(template: &Value) -> Vec<(FieldPath, &str)> {
    let Some(targets) = object::value_at(template, &["spec", "targets"]).and_then(Value::as_array) else {
        return Vec::new();
    };
    let root = FieldPath::default().key("spec").key("targets").join(Segment::Index(0));
    let Some(code) = targets.first().and_then(|target| Codes::read(target, &root).rego) else { return Vec::new() };
    let (fields, path) = code.parts();
    let entry = object::string_at(fields, &["rego"]).map(|text| (path.key("rego"), text));
    let libraries = fields.get("libs").and_then(Value::as_array).into_iter().flatten().enumerate();
    let libraries = libraries.filter_map(|(index, library)| {
        let index = Segment::Index(u32::try_from(index).unwrap_or(u32::MAX));
        Some((path.key("libs").join(index), library.as_str()?))
    });
    entry.into_iter().chain(libraries).collect()
}

impl<'a> Code<'a> {
    /// The object with the fields, and its place.
    pub(super) fn parts(&self) -> (&'a Value, &FieldPath) {
        match self {
            Self::Plain { target: value, path } | Self::Source { source: value, path } => (value, path),
        }
    }
}
