//! `kubectl plat claim explain`: the fields of a claim or XR, in the layout of `kubectl explain`.

use std::fmt::Write as _;

use clap::Args;
use plat_platform::{Definition, Names, Platform, Role, Version};
use plat_resource::schema::{Explained, Field, Schema};
use plat_resource::{Diagnostic, FieldPath, Segment, Value, suggest, yaml};

use crate::arguments::PlatformArgs;
use crate::commands::TEMPLATE;
use crate::error::CommandError;
use crate::exit::{self, Exit};
use crate::load::{self, Depth, Files};
use crate::ui::Ui;

const OUTCOME: &str = "nothing was explained";

/// The width that text is wrapped to.
const WIDTH: usize = 80;

/// Show the fields of a claim or XR: types, defaults, limits
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, after_help = exit::HELP, before_help = "\
Examples:
  kubectl plat claim explain SQLInstance --platform platform/
  kubectl plat claim explain sqlinstances.spec.parameters.size --platform platform/
  kubectl plat claim explain SQLInstance --platform platform/ --recursive
")]
pub(super) struct ExplainArgs {
    /// Kind, plural, singular or short name; add .spec.field for one field
    #[arg(value_name = "KIND[.FIELD]")]
    resource: String,

    #[command(flatten)]
    platform: PlatformArgs,

    /// Print the fields below too, without their descriptions
    #[arg(long, help_heading = "Output options")]
    recursive: bool,

    /// Group and version, where several XRDs have the kind or an older version is meant
    #[arg(long, value_name = "GROUP/VERSION")]
    api_version: Option<String>,
}

/// A kind that was asked for.
#[derive(Clone, Copy)]
struct Found<'a> {
    definition: &'a Definition,
    role: Role,
    names: &'a Names,
}

pub(super) fn run(ui: &Ui, arguments: &ExplainArgs) -> Result<Exit, CommandError> {
    let mut findings = Vec::new();
    let files = Files::default().read("--platform", &arguments.platform.platform, Depth::Recursive, &mut findings);
    let platform = load::platform(&files, &mut findings);
    match explain(&platform, arguments) {
        Ok(text) if !findings.iter().any(Diagnostic::is_error) => {
            ui.warn(&findings);
            ui.answer(text)?;
            Ok(Exit::Done)
        }
        Ok(_) => Err(CommandError::input(findings, OUTCOME)),
        Err(finding) => {
            findings.push(finding);
            Err(CommandError::input(findings, OUTCOME))
        }
    }
}

fn explain(platform: &Platform, arguments: &ExplainArgs) -> Result<String, Diagnostic> {
    let (found, fields) = find(platform, arguments)?;
    let version = version(found, arguments.api_version.as_deref())?;
    let (kind, name) = (&found.names.kind, &version.name);
    let Some(schema) = found.definition.schema(found.role, name) else {
        return Err(Diagnostic::error(format!("{kind} cannot be explained"))
            .at(found.definition.document.location())
            .because(format!("version {name} has no schema that can be read")));
    };
    let path = parse(kind, fields)?;
    let Some(explained) = schema.explain(&path) else { return Err(unknown_field(kind, &schema, &path)) };
    let mut text = format!("GROUP:      {}\nKIND:       {kind}\nVERSION:    {name}\n\n", found.definition.group);
    head(&mut text, &explained);
    if !explained.fields.is_empty() {
        text.push_str("FIELDS:\n");
        if arguments.recursive {
            tree(&mut text, &schema, &path, &explained, 1);
        } else {
            explained.fields.iter().for_each(|field| detail(&mut text, field));
        }
    }
    Ok(text)
}

/// The kind that the argument names, and the rest of the argument: the field.
fn find<'a, 'b>(platform: &'a Platform, arguments: &'b ExplainArgs) -> Result<(Found<'a>, &'b str), Diagnostic> {
    let group = arguments.api_version.as_deref().map(|text| text.split_once('/').map_or(text, |(group, _)| group));
    let (word, rest) = arguments.resource.split_once('.').unwrap_or((&arguments.resource, ""));
    let mut candidates: Vec<(Found<'a>, &'b str)> = kinds(platform)
        .filter(|found| group.is_none_or(|group| found.definition.group == group) && is_called(found.names, word))
        .map(|found| {
            let after_group = rest.strip_prefix(found.definition.group.as_str());
            let after_group = after_group.filter(|rest| rest.is_empty() || rest.starts_with('.'));
            (found, after_group.map_or(rest, |rest| rest.trim_start_matches('.')))
        })
        .collect();
    // plural.group, as kubectl has it, names one of several.
    if candidates.iter().any(|(_, fields)| *fields != rest) {
        candidates.retain(|(_, fields)| *fields != rest);
    }
    match candidates.as_slice() {
        [only] => Ok(*only),
        [] => Err(unknown_kind(platform, word)),
        several => Err(ambiguous(word, several.iter().map(|(found, _)| *found))),
    }
}

/// Claims first: they are what people ask for.
fn kinds(platform: &Platform) -> impl Iterator<Item = Found<'_>> {
    [Role::Claim, Role::Composite].into_iter().flat_map(|role| {
        let names = move |definition: &'_ Definition| definition.names_of(role).is_some();
        platform
            .definitions()
            .iter()
            .filter(move |definition| names(definition))
            .filter_map(move |definition| Some(Found { definition, role, names: definition.names_of(role)? }))
    })
}

fn is_called(names: &Names, word: &str) -> bool {
    let all = [&names.kind, &names.plural, &names.singular].into_iter().chain(&names.short_names);
    all.into_iter().any(|name| name.eq_ignore_ascii_case(word))
}

/// The version asked for; else the one that Compositions are for.
fn version<'a>(found: Found<'a>, api_version: Option<&str>) -> Result<&'a Version, Diagnostic> {
    let wanted = api_version.and_then(|text| text.split_once('/')).map(|(_, version)| version);
    let version = match wanted {
        Some(name) => found.definition.version(name),
        None => found.definition.referenceable_version().or_else(|| found.definition.versions.first()),
    };
    version.ok_or_else(|| {
        let known: Vec<&str> = found.definition.versions.iter().map(|version| version.name.as_str()).collect();
        Diagnostic::error(format!("{} cannot be explained", found.names.kind))
            .because(format!("{} has no version {:?}", found.definition.name, wanted.unwrap_or("")))
            .hint(format!("versions: {}", known.join(", ")))
    })
}

fn parse(kind: &str, fields: &str) -> Result<FieldPath, Diagnostic> {
    if fields.is_empty() {
        return Ok(FieldPath::default());
    }
    FieldPath::parse(fields)
        .map_err(|error| Diagnostic::error(format!("{kind} has no field {fields:?}")).because(error.to_string()))
}

fn head(text: &mut String, explained: &Explained) {
    if !explained.name.is_empty() {
        let required = if explained.required { " -required-" } else { "" };
        line(text, &format!("FIELD: {} {}{required}", explained.name, explained.type_name));
        section(text, "ENUM", &explained.allowed);
        section(text, "DEFAULT", explained.default.as_ref().map(shown).as_slice());
        section(text, "LIMITS", &explained.limits);
        text.push('\n');
    }
    text.push_str("DESCRIPTION:\n");
    wrap(text, explained.description.as_deref().unwrap_or("<empty>"), 4);
    text.push('\n');
    if !explained.rules.is_empty() {
        section(text, "RULES", &explained.rules);
        text.push('\n');
    }
}

fn section(text: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        line(text, &format!("{title}:"));
        for each in lines {
            line(text, &format!("    {}", or_quotes(each)));
        }
    }
}

fn detail(text: &mut String, field: &Field) {
    summary(text, field, 1);
    wrap(text, field.description.as_deref().unwrap_or("<no description>"), 4);
    text.push('\n');
}

/// Name, type and what values may be.
fn summary(text: &mut String, field: &Field, level: usize) {
    let indent = " ".repeat(2 * level);
    let required = if field.required { " -required-" } else { "" };
    line(text, &format!("{indent}{}\t{}{required}", field.name, field.type_name));
    if !field.allowed.is_empty() {
        let allowed: Vec<&str> = field.allowed.iter().map(|value| or_quotes(value)).collect();
        line(text, &format!("{indent}enum: {}", allowed.join(", ")));
    }
    if let Some(default) = &field.default {
        line(text, &format!("{indent}default: {}", shown(default)));
    }
    if !field.limits.is_empty() {
        line(text, &format!("{indent}limits: {}", field.limits.join(", ")));
    }
}

fn tree(text: &mut String, schema: &Schema, path: &FieldPath, explained: &Explained, level: usize) {
    for field in &explained.fields {
        summary(text, field, level);
        let below = path.join(Segment::Field(field.name.clone()));
        if let Some(explained) = schema.explain(&below) {
            tree(text, schema, &below, &explained, level + 1);
        }
    }
}

/// As one writes it in YAML.
fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) | Value::Array(_) => value.to_string(),
        scalar => yaml::to_string(scalar).trim_end().to_owned(),
    }
}

/// An empty text is shown as one.
fn or_quotes(text: &str) -> &str {
    if text.is_empty() { "\"\"" } else { text }
}

fn wrap(text: &mut String, paragraph: &str, indent: usize) {
    for source in paragraph.trim_end().lines() {
        let mut current = " ".repeat(indent);
        for word in source.split_whitespace() {
            if current.trim().len() + indent + word.len() + 1 > WIDTH && !current.trim().is_empty() {
                line(text, current.trim_end());
                current = " ".repeat(indent);
            }
            current.push_str(word);
            current.push(' ');
        }
        line(text, current.trim_end());
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}

fn unknown_kind(platform: &Platform, word: &str) -> Diagnostic {
    let known: Vec<&Names> = kinds(platform).map(|found| found.names).collect();
    let words = known.iter().flat_map(|names| [names.kind.as_str(), names.plural.as_str()]);
    let all: Vec<&str> = known.iter().map(|names| names.kind.as_str()).collect();
    let hint = suggest::did_you_mean(word, words).unwrap_or_else(|| format!("the platform has: {}", all.join(", ")));
    let finding = Diagnostic::error(format!("kind {word:?} is unknown"));
    if all.is_empty() {
        return finding.because("the platform has no XRD");
    }
    finding.because("no XRD of the platform has a kind of this name").hint(hint)
}

fn ambiguous<'a>(word: &str, found: impl Iterator<Item = Found<'a>>) -> Diagnostic {
    let names: Vec<String> = found.map(|found| format!("{}.{}", found.names.plural, found.definition.group)).collect();
    Diagnostic::error(format!("kind {word:?} is not clear"))
        .because(format!("several XRDs have it: {}", names.join(", ")))
        .hint("write one of these names, or give --api-version GROUP/VERSION")
}

fn unknown_field(kind: &str, schema: &Schema, path: &FieldPath) -> Diagnostic {
    let segments = path.segments();
    let known = (0..segments.len()).rev().find_map(|length| {
        let above = FieldPath::new(segments.get(..length)?.to_vec());
        Some((schema.explain(&above)?, segments.get(length)?.clone()))
    });
    let finding = Diagnostic::error(format!("{kind} has no field {path}"));
    let Some((above, Segment::Field(word))) = known else { return finding };
    let names: Vec<&str> = above.fields.iter().map(|field| field.name.as_str()).collect();
    let holder = if above.name.is_empty() { kind } else { &above.name };
    finding.because(format!("{holder} has: {}", names.join(", "))).maybe_hint(suggest::did_you_mean(&word, names))
}
