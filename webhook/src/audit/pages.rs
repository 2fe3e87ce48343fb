//! The objects of one kind, a page at a time.
//!
//! Owns how large a page is: by count as far as the API server's own default, and by bytes, so that a kind of large objects
//! does not fill the memory.

use kube::Client;
use kube::discovery::ApiResource;
use plat_resource::Value;

use crate::sources::words;

/// Objects of the first page; small, because nothing is known of their size.
const FIRST: usize = 50;
/// Objects of a page at most.
const MOST: usize = 500;
/// Bytes that a page should have.
const BYTES: usize = 8 << 20;

/// Where a listing is.
pub(super) struct Pages {
    client: Client,
    path: String,
    api_version: String,
    kind: String,
    limit: usize,
    next: Option<String>,
    begun: bool,
}

impl Pages {
    pub(super) fn new(client: Client, resource: &ApiResource) -> Self {
        let base = if resource.group.is_empty() { "/api" } else { "/apis" };
        Self {
            client,
            path: format!("{base}/{}/{}", resource.api_version, resource.plural),
            api_version: resource.api_version.clone(),
            kind: resource.kind.clone(),
            limit: FIRST,
            next: None,
            begun: false,
        }
    }

    /// The next page; nothing after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Value>>, String> {
        if self.begun && self.next.is_none() {
            return Ok(None);
        }
        let token = self.next.take().map(|token| format!("&continue={token}")).unwrap_or_default();
        let uri = format!("{}?limit={}{token}", self.path, self.limit);
        let request = axum::http::Request::get(uri).body(Vec::new()).map_err(|error| error.to_string())?;
        let text = self.client.request_text(request).await.map_err(|error| words(&error))?;
        let bytes = text.len();
        let mut page: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        drop(text);
        self.begun = true;
        let token = plat_resource::object::string_at(&page, &["metadata", "continue"]);
        self.next = token.filter(|token| !token.is_empty()).map(str::to_owned);
        let objects = match page.get_mut("items").map(Value::take) {
            Some(Value::Array(objects)) => objects,
            _ => Vec::new(),
        };
        self.limit = next_limit(objects.len(), bytes);
        Ok(Some(objects.into_iter().map(|object| self.told(object)).collect()))
    }

    /// The items of a list do not say what they are; what the API server keeps for itself is of no use.
    fn told(&self, mut object: Value) -> Value {
        if let Some(map) = object.as_object_mut() {
            map.insert("apiVersion".to_owned(), self.api_version.as_str().into());
            map.insert("kind".to_owned(), self.kind.as_str().into());
            if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.remove("managedFields");
            }
        }
        object
    }
}

/// As many as fit into a page, if they are like those of the one before.
fn next_limit(objects: usize, bytes: usize) -> usize {
    (BYTES / (bytes / objects.max(1)).max(1)).clamp(1, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_large_objects_are_short() {
        assert_eq!(next_limit(50, 50 * 2_000), MOST);
        assert_eq!(next_limit(50, 50 << 20), 8);
        assert_eq!(next_limit(1, 100 << 20), 1);
        assert_eq!(next_limit(0, 100), MOST);
    }
}
