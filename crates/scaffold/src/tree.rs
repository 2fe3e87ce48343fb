//! Rendering a tree of values: each text in it is a template.
//!
//! Owns the real runner's way: a text that fails stays as it is, and nobody says so. Here it is told besides, for lints.

use crate::data::Data;
use crate::schema::suffix;
use crate::template::{Prepared, Renderer};

/// A text that stayed as it was, as its rendering failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrendered {
    /// Where it stands, as `a.b[0]`; empty for the tree itself.
    pub path: String,
    /// The text.
    pub source: String,
    /// What is wrong with it.
    pub error: String,
}

/// A tree that was rendered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rendered {
    /// What became of it; none where that is undefined.
    pub value: Option<Data>,
    /// The texts that stayed as they were.
    pub unrendered: Vec<Unrendered>,
    /// Items of lists that became undefined: `null` to whoever reads them, and nothing to the rules of a schema.
    pub holes: Vec<String>,
}

/// Renders a tree. What becomes undefined is dropped from records, and is `null` in lists.
pub fn render(input: &Data, renderer: &Renderer<'_>, context: &Prepared) -> Rendered {
    let mut walk = Walk { renderer, context, rendered: Rendered::default() };
    walk.rendered.value = walk.value(input, "");
    walk.rendered
}

struct Walk<'a> {
    renderer: &'a Renderer<'a>,
    context: &'a Prepared,
    rendered: Rendered,
}

impl Walk<'_> {
    fn value(&mut self, input: &Data, path: &str) -> Option<Data> {
        match input {
            Data::String(source) => match self.renderer.render_value(source, self.context) {
                Ok(value) => value,
                Err(error) => {
                    let path = path.trim_start_matches('.').to_owned();
                    let unrendered = Unrendered { path, source: source.clone(), error: error.message };
                    self.rendered.unrendered.push(unrendered);
                    Some(Data::String(source.clone()))
                }
            },
            Data::Array(items) => {
                let items = items.iter().enumerate();
                Some(Data::Array(items.map(|(index, item)| self.item(item, format!("{path}[{index}]"))).collect()))
            }
            Data::Object(entries) => {
                let mut output = indexmap::IndexMap::with_capacity(entries.len());
                for (key, value) in entries {
                    if let Some(value) = self.value(value, &format!("{path}{}", suffix(key))) {
                        output.insert(key.clone(), value);
                    }
                }
                Some(Data::Object(output))
            }
            // As JSON has it.
            Data::Number(number) if !number.is_finite() => Some(Data::Null),
            other => Some(other.clone()),
        }
    }

    fn item(&mut self, item: &Data, path: String) -> Data {
        self.value(item, &path).unwrap_or_else(|| {
            self.rendered.holes.push(path);
            Data::Null
        })
    }
}
