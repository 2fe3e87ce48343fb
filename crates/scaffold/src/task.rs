//! A template and its answers as a task: parameters that are checked, steps with names, the output.

use crate::data::Data;
use crate::schema;

/// One step of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What other steps call it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it does.
    pub action: String,
    /// What it is done with, as a tree of templates.
    pub input: Option<Data>,
    /// When it is done.
    pub condition: Option<Data>,
    /// What it is done for, one after the other.
    pub each: Option<Data>,
}

/// What is to be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The workspace's name.
    pub id: String,
    /// The answers.
    pub parameters: Data,
    /// Who asked: an entity and its reference.
    pub user: Option<Data>,
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// What is shown in the end, as a tree of templates.
    pub output: Data,
    /// What only inputs of actions see.
    pub secrets: Data,
}

impl Task {
    /// The task of a template's entity.
    pub fn of_template(template: &Data, id: &str, parameters: Data) -> Result<Self, String> {
        if template.get("apiVersion").and_then(Data::as_str) != Some("scaffolder.backstage.io/v1beta3") {
            return Err("Input template is not a template".to_owned());
        }
        let spec = template.get("spec").ok_or_else(|| "the template has no spec".to_owned())?;
        let steps = spec.get("steps").and_then(Data::as_array).unwrap_or_default();
        let steps = steps.iter().enumerate().map(|(index, step)| Step::of(step, index));
        Ok(Self {
            id: id.to_owned(),
            parameters,
            user: None,
            steps: steps.collect::<Result<_, _>>()?,
            output: present(spec.get("output")).unwrap_or_else(|| Data::object::<String>([])),
            secrets: Data::object::<String>([]),
        })
    }
}

impl Step {
    fn of(step: &Data, index: usize) -> Result<Self, String> {
        let text = |name: &str| step.get(name).and_then(Data::as_str).map(str::to_owned);
        let action = text("action").ok_or_else(|| format!("step {} has no action", index + 1))?;
        Ok(Self {
            id: text("id").unwrap_or_else(|| format!("step-{}", index + 1)),
            name: text("name").unwrap_or_else(|| action.clone()),
            action,
            input: step.get("input").cloned(),
            condition: step.get("if").cloned(),
            each: step.get("each").cloned(),
        })
    }
}

/// What is there and not `null`.
fn present(value: Option<&Data>) -> Option<Data> {
    value.filter(|value| **value != Data::Null).cloned()
}

/// The pages of a template's form, each a schema.
pub fn pages(template: &Data) -> Vec<&Data> {
    match template.get("spec").and_then(|spec| spec.get("parameters")) {
        None | Some(Data::Null) => Vec::new(),
        Some(Data::Array(pages)) => pages.iter().collect(),
        Some(page) => vec![page],
    }
}

/// Checks answers page by page: the faults of the first page that has some.
pub fn check_parameters(template: &Data, parameters: &Data) -> Result<Vec<String>, String> {
    for page in pages(template) {
        let faults = schema::validate(Some(parameters), page)?;
        if !faults.is_empty() {
            return Ok(faults);
        }
    }
    Ok(Vec::new())
}

/// True where a page is to be asked, by its `when` and the answers so far.
pub fn is_asked(page: &Data, parameters: &Data) -> bool {
    let condition = match page.get("when") {
        Some(Data::Bool(condition)) => return *condition,
        Some(Data::String(condition)) => condition.trim(),
        _ => return true,
    };
    if condition.is_empty() {
        return true;
    }
    let source = if condition.starts_with("${{") { condition.to_owned() } else { format!("${{{{ {condition} }}}}") };
    let host = crate::template::NoHost;
    let renderer = crate::template::Renderer::new(crate::template::Options::default(), &host);
    let value = renderer
        .prepare(Data::object([("parameters", parameters.clone())]))
        .and_then(|context| renderer.render_value(&source, &context));
    // What cannot be decided is asked.
    value.map_or(true, |value| crate::run::is_truthy(value.as_ref()))
}
