//! Where in an object a walk is, cheap to extend, printed in the two ways that the API server prints paths.

use std::fmt::Write;

use crate::{FieldPath, Segment};

/// One step below its parent.
#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    /// A named property.
    Field(&'a str),
    /// A key of a map.
    Key(&'a str),
    Index(usize),
}

/// A place below the root.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
}

impl<'a> Place<'a> {
    pub(super) const ROOT: Place<'static> = Place { parent: None, step: Step::Root };

    pub(super) fn field(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Field(name) }
    }

    pub(super) fn key(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Key(name) }
    }

    pub(super) fn index(&'a self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Index(index) }
    }

    pub(super) fn is_root(&self) -> bool {
        self.parent.is_none()
    }

    fn steps(&self) -> Vec<Step<'a>> {
        let mut steps = Vec::new();
        let mut current = Some(self);
        while let Some(place) = current {
            if !place.is_root() {
                steps.push(place.step);
            }
            current = place.parent;
        }
        steps.reverse();
        steps
    }

    pub(super) fn field_path(&self) -> FieldPath {
        let segment = |step: Step<'_>| match step {
            Step::Root => Segment::Field(String::new()),
            Step::Field(name) | Step::Key(name) => Segment::Field(name.to_owned()),
            Step::Index(index) => Segment::Index(u32::try_from(index).unwrap_or(u32::MAX)),
        };
        FieldPath::new(self.steps().into_iter().map(segment).collect())
    }

    /// As OpenAPI validation prints it: every key after a dot. Empty for the root.
    pub(super) fn dotted(&self) -> String {
        self.print(false)
    }

    /// As `field.Path` prints it: keys of maps in brackets, `<nil>` for the root.
    pub(super) fn bracketed(&self) -> String {
        if self.is_root() { "<nil>".to_owned() } else { self.print(true) }
    }

    fn print(&self, brackets: bool) -> String {
        let mut text = String::new();
        for step in self.steps() {
            // Writing to a String cannot fail.
            let _ = match step {
                Step::Root => Ok(()),
                Step::Key(name) if brackets => write!(text, "[{name}]"),
                Step::Field(name) | Step::Key(name) if text.is_empty() => write!(text, "{name}"),
                Step::Field(name) | Step::Key(name) => write!(text, ".{name}"),
                Step::Index(index) => write!(text, "[{index}]"),
            };
        }
        text
    }
}
