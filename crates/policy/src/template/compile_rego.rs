//! The Rego of a template: Gatekeeper's own rules about modules, then compiling.
//!
//! Owns which packages, imports and data a template may use, and the way from a line of a module to a line of the file.

use std::sync::Arc;

use plat_rego::{CompileError, Module, Program, Version};
use plat_resource::{FieldPath, Segment, Value, object};

use super::code::Code;
use super::outline::{Outline, Reference};
use crate::engine::Engine;
use crate::engine::rego::Rego;
use crate::report::Report;

/// One module of a template.
struct Source<'a> {
    /// What to call it, and the place of its text.
    name: String,
    path: FieldPath,
    text: &'a str,
    outline: Outline,
}

/// Compiles the Rego of a template; what is wrong goes to `report`.
pub(super) fn compile(code: &Code<'_>, report: &mut Report<'_>) -> Option<Arc<dyn Engine>> {
    let (fields, path) = code.parts();
    let Some(text) = object::string_at(fields, &["rego"]) else {
        report.error(&path.key("rego"), "the policy is missing: rego is a text");
        return None;
    };
    let version = match (code, object::string_at(fields, &["version"])) {
        (Code::Source { .. }, Some("v1")) => Version::V1,
        _ => Version::V0,
    };
    let mut sources = vec![Source::new("rego".to_owned(), path.key("rego"), text)];
    for (index, library) in fields.get("libs").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let segment = Segment::Index(u32::try_from(index).unwrap_or(u32::MAX));
        let place = path.key("libs").join(segment);
        match library.as_str() {
            Some(text) => sources.push(Source::new(format!("libs[{index}]"), place, text)),
            None => {
                report.error(&place, "a library is a text");
            }
        }
    }
    let before = report.error_count();
    let modules: Vec<_> = sources.iter().map(|source| Module { name: &source.name, source: source.text }).collect();
    let program = match Program::compile(&modules, version) {
        Ok(program) => Some(program),
        Err(errors) => {
            for error in errors {
                report_compile_error(error, &sources, report);
            }
            None
        }
    };
    check_modules(&sources, report);
    (report.error_count() == before).then_some(())?;
    let engine: Arc<dyn Engine> = Arc::new(Rego::new(program?)?);
    Some(engine)
}

impl<'a> Source<'a> {
    fn new(name: String, path: FieldPath, text: &'a str) -> Self {
        Self { name, path, text, outline: Outline::read(text) }
    }
}

fn report_compile_error(error: CompileError, sources: &[Source<'_>], report: &mut Report<'_>) {
    let Some(source) = sources.iter().find(|source| source.name == error.module).or(sources.first()) else { return };
    let finding = report.error_within(&source.path, error.line, error.column, error.message);
    finding.hint = error.hint;
    if error.line > 0 {
        finding.causes.push(place(error.line, error.column, &source.name));
    }
}

/// Where in a module: a template of a cluster has no file that could be pointed into.
fn place(line: usize, column: usize, module: &str) -> String {
    if column > 0 { format!("line {line}, column {column} of {module}") } else { format!("line {line} of {module}") }
}

fn check_modules(sources: &[Source<'_>], report: &mut Report<'_>) {
    for (index, source) in sources.iter().enumerate() {
        let is_library = index > 0;
        let Some(package) = &source.outline.package else { continue };
        if is_library && !(package.name(0) == Some("lib") && package.path.len() > 1) {
            let cause = format!("the package {} of a library is not below lib", package.text());
            let finding = source.say(report, package, cause);
            finding.hint = Some("call it lib.NAME, and import data.lib.NAME".to_owned());
        }
        for import in &source.outline.imports {
            check_import(source, import, report);
        }
        for reference in source.outline.references.iter().filter(|reference| reference.name(0) == Some("data")) {
            if !matches!(reference.name(1), Some("inventory" | "lib")) {
                let cause = format!("{} may not be read: only data.inventory and data.lib may", reference.text());
                source.say(report, reference, cause);
            }
        }
    }
    if let Some(entry) = sources.first()
        && !entry.outline.rules.iter().any(|rule| rule.name(0) == Some("violation"))
    {
        let finding = report.error(&entry.path, "there is no rule violation");
        finding.hint = Some("a template says what is wrong in violation[{\"msg\": msg}]".to_owned());
    }
}

fn check_import(source: &Source<'_>, import: &Reference, report: &mut Report<'_>) {
    match (import.name(0), import.name(1)) {
        (Some("data"), Some("lib")) | (Some("future"), _) => {}
        (Some("rego"), Some("v1")) => {
            let finding = source.say(report, import, "rego.v1 may not be imported".to_owned());
            finding.hint = Some("write version: v1 beside rego in targets[0].code[].source".to_owned());
        }
        _ => {
            let cause = format!("{} may not be imported: only data.lib and future may", import.text());
            source.say(report, import, cause);
        }
    }
}

impl Source<'_> {
    fn say<'r>(
        &self,
        report: &'r mut Report<'_>,
        reference: &Reference,
        cause: String,
    ) -> &'r mut plat_resource::Diagnostic {
        let finding = report.error_within(&self.path, reference.line, reference.column, cause);
        finding.causes.push(place(reference.line, reference.column, &self.name));
        finding
    }
}
