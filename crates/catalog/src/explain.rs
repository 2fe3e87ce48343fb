//! What a kind of entity may have, in words: from the tables that entities are judged by.
//!
//! Owns the text. It is plain; shells colour nothing of it.

use plat_resource::Diagnostic;
use plat_resource::suggest::did_you_mean;

use crate::kinds::{self, KINDS, Kind, RelationField};
use crate::shape::{Fields, Shape};

/// All kinds, one on a line, or the fields of one, whatever its letters.
pub fn explain(kind: Option<&str>) -> Result<String, Box<Diagnostic>> {
    let Some(name) = kind else {
        let line = |kind: &Kind| format!("{:<10} {}\n", kind.name, kind.api_versions.join(", "));
        return Ok(KINDS.iter().map(line).collect());
    };
    if let Some(kind) = kinds::named(name) {
        return Ok(fields_of(kind));
    }
    let names = KINDS.iter().map(|kind| kind.name);
    let known = names.clone().collect::<Vec<_>>().join(", ");
    let hint = did_you_mean(name, names).unwrap_or_else(|| format!("kinds: {known}"));
    Err(Box::new(Diagnostic::error(format!("no kind {name:?}")).because("Backstage has no such kind").hint(hint)))
}

fn fields_of(kind: &Kind) -> String {
    let mut rows = Vec::new();
    rows_of("spec", &kind.spec, &mut rows);
    for row in &mut rows {
        if let Some(field) = kind.fields.iter().find(|field| row.0 == format!("spec.{}", field.name)) {
            row.2 = relation(field);
        }
    }
    let unknown = kind.fields.iter().filter(|field| !kind.spec.known.iter().any(|(name, _)| *name == field.name));
    rows.extend(unknown.map(|field| (format!("spec.{}", field.name), "anything".to_owned(), relation(field))));
    let width = |of: fn(&Row) -> &String| rows.iter().map(|row| of(row).chars().count()).max().unwrap_or_default();
    let (names, shapes) = (width(|row| &row.0), width(|row| &row.1));
    let line =
        |(name, shape, note): &Row| format!("  {name:<names$}  {shape:<shapes$}  {note}").trim_end().to_owned() + "\n";
    format!("{} ({})\n\n{}", kind.name, kind.api_versions.join(", "), rows.iter().map(line).collect::<String>())
}

/// A field, what it must be, and what it means.
type Row = (String, String, String);

fn rows_of(way: &str, fields: &Fields, rows: &mut Vec<Row>) {
    for (name, shape) in fields.known {
        let required = if fields.required.contains(name) { ", required" } else { "" };
        let way = format!("{way}.{name}");
        rows.push((way.clone(), format!("{}{required}", words(shape)), String::new()));
        below(&way, shape, rows);
    }
}

fn below(way: &str, shape: &Shape, rows: &mut Vec<Row>) {
    match shape {
        Shape::Object(fields) => rows_of(way, fields, rows),
        Shape::List(of) => below(&format!("{way}[]"), of, rows),
        // The form of several pages has all that the other has.
        Shape::Either(_, second) => below(way, second, rows),
        _ => {}
    }
}

fn words(shape: &Shape) -> String {
    match shape {
        Shape::Text => "text, may be empty".to_owned(),
        Shape::NonEmpty => "text".to_owned(),
        Shape::Word => "word".to_owned(),
        Shape::OneOf(allowed) => format!("one of {}", allowed.join(", ")),
        Shape::TextOrBool => "text or boolean".to_owned(),
        Shape::List(of) => format!("list: {}", words(of)),
        Shape::Object(_) => "object".to_owned(),
        Shape::Either(first, second) => format!("{} or {}", words(first), words(second)),
    }
}

fn relation(field: &RelationField) -> String {
    let short = match field.kind {
        Some(kind) => format!("a short name is of kind {kind}"),
        None => "each must name its kind, as in resource:db".to_owned(),
    };
    format!("{}; {short}", field.relation.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_told_from_its_table() {
        let expected = "\
Resource (backstage.io/v1alpha1, backstage.io/v1beta1)

  spec.type          text, required
  spec.owner         text, required  ownedBy; a short name is of kind Group
  spec.dependsOn     list: text      dependsOn; each must name its kind, as in resource:db
  spec.system        text            partOf; a short name is of kind System
  spec.dependencyOf  anything        dependencyOf; each must name its kind, as in resource:db
";
        assert_eq!(explain(Some("resource")).unwrap(), expected);
        let template = explain(Some("Template")).unwrap();
        for words in ["spec.steps[].action ", "text or boolean", "object or list: object", "spec.parameters[].when "] {
            assert!(template.contains(words), "{words}\n{template}");
        }
        assert_eq!(explain(None).unwrap().lines().count(), 9);
        assert!(explain(Some("Componnent")).unwrap_err().to_string().contains("did you mean \"Component\"?"));
    }
}
