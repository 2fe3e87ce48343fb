//! Entity references: `[kind:][namespace/]name`.

use crate::data::Data;
use crate::template::Lent;

/// What parts a reference in text has.
struct Parts {
    kind: Option<String>,
    namespace: Option<String>,
    name: String,
}

pub(super) fn parse(reference: Option<&Data>, context: Option<&Data>) -> Result<Lent, String> {
    let Some(reference) = reference.filter(|reference| reference.is_truthy()) else {
        return Err("Entity reference must not be empty".to_owned());
    };
    let default_kind = context.and_then(|context| context.get("defaultKind")).cloned();
    let default_namespace = context
        .and_then(|context| context.get("defaultNamespace"))
        .filter(|namespace| namespace.is_truthy())
        .cloned()
        .unwrap_or_else(|| Data::from("default"));
    let (kind, namespace, name) = if let Data::String(text) = reference {
        let parts = parts(text)?;
        (parts.kind.map(Data::String), parts.namespace.map(Data::String), Some(Data::String(parts.name)))
    } else {
        let given = |name: &str| reference.get(name).cloned();
        let not_null = |name: &str| given(name).filter(|value| *value != Data::Null);
        (not_null("kind"), not_null("namespace"), given("name"))
    };
    let kind = kind.or(default_kind);
    let namespace = namespace.or(Some(default_namespace));
    let missing = |value: &Option<Data>| !value.as_ref().is_some_and(Data::is_truthy);
    let textual = reference.to_json();
    if missing(&kind) {
        let example = "(e.g. did not start with \"component:\" or similar)";
        return Err(format!("Entity reference {textual} had missing or empty kind {example}"));
    }
    if missing(&namespace) {
        return Err(format!("Entity reference {textual} had missing or empty namespace"));
    }
    if missing(&name) {
        return Err(format!("Entity reference {textual} had missing or empty name"));
    }
    Ok(Lent::Record(vec![("kind", kind), ("namespace", namespace), ("name", name)]))
}

fn parts(text: &str) -> Result<Parts, String> {
    let slash = text.find('/');
    // After a slash, a colon belongs to the name.
    let colon = text.find(':').filter(|colon| slash.is_none_or(|slash| *colon < slash));
    let after = |index: Option<usize>| index.map_or(0, |index| index + 1);
    let kind = colon.and_then(|colon| text.get(..colon)).map(str::to_owned);
    let namespace = slash.and_then(|slash| text.get(after(colon)..slash)).map(str::to_owned);
    let name = text.get(after(colon).max(after(slash))..).unwrap_or_default().to_owned();
    let empty = |part: &Option<String>| part.as_ref().is_some_and(String::is_empty);
    if empty(&kind) || empty(&namespace) || name.is_empty() {
        return Err(format!("Entity reference \"{text}\" was not on the form [<kind>:][<namespace>/]<name>"));
    }
    Ok(Parts { kind, namespace, name })
}
