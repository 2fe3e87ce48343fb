//! Secrets, which no log shows.

use crate::data::Data;

/// Texts that are shown as stars.
#[derive(Debug, Default)]
pub(super) struct Redactions(Vec<String>);

impl Redactions {
    pub(super) fn of(secrets: &Data) -> Self {
        let mut redactions = Self::default();
        let values = secrets.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str());
        redactions.add(values.map(str::to_owned));
        redactions
    }

    /// Single characters would redact everything, and are no secrets.
    pub(super) fn add(&mut self, texts: impl IntoIterator<Item = String>) {
        let trimmed = texts.into_iter().map(|text| text.trim().to_owned()).filter(|text| text.chars().count() > 1);
        for text in trimmed {
            if !self.0.contains(&text) {
                self.0.push(text);
            }
        }
    }

    /// Stars in the place of each secret, of those that overlap together.
    pub(super) fn redact(&self, message: &str) -> String {
        let found = self.0.iter().flat_map(|text| {
            let starts = message.char_indices().map(|(start, _)| start);
            starts
                .filter(|start| message.get(*start..).is_some_and(|rest| rest.starts_with(text.as_str())))
                .map(|start| (start, start + text.len()))
        });
        let mut ranges: Vec<(usize, usize)> = found.collect();
        ranges.sort_unstable();
        let mut output = String::new();
        let mut end = 0;
        for (start, stop) in ranges {
            if start >= end {
                output.push_str(message.get(end..start).unwrap_or_default());
                output.push_str("***");
            }
            end = end.max(stop);
        }
        output.push_str(message.get(end..).unwrap_or_default());
        output
    }
}

/// The names of secrets, with stars for what they are.
pub(super) fn stars(secrets: &Data) -> Data {
    let names = secrets.as_object().into_iter().flatten().map(|(name, _)| name.clone());
    Data::object(names.map(|name| (name, Data::from("***"))))
}

/// Texts that are only there with the secrets.
pub(super) fn revealed(with: Option<&Data>, without: Option<&Data>) -> Vec<String> {
    match with {
        Some(Data::String(text)) if with != without => vec![text.clone()],
        Some(Data::Array(items)) => {
            let others = without.and_then(Data::as_array).unwrap_or_default();
            items.iter().enumerate().flat_map(|(index, item)| revealed(Some(item), others.get(index))).collect()
        }
        Some(Data::Object(fields)) => fields
            .iter()
            .flat_map(|(name, value)| revealed(Some(value), without.and_then(|other| other.get(name))))
            .collect(),
        _ => Vec::new(),
    }
}
