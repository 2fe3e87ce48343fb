//! How much one expansion may make.
//!
//! Owns the limits. A platform or a claim of a few kilobytes can ask for gigabytes: a width of nine million in a format,
//! an array patched into each element of an array, XRs that compose XRs. The real programs try; plat, which answers for
//! many users at once, refuses with a reason.

use plat_resource::Value;

/// The longest text that one format or transform may make. An object of an API server is not much larger as a whole.
pub const MAX_TEXT_BYTES: usize = 1 << 20;

/// How many patches the templates of one step may have once their patch sets are inlined.
pub const MAX_PATCHES: usize = 100_000;

/// How much all patches of one step may write together.
pub const MAX_WRITTEN_BYTES: usize = 64 << 20;

/// How many resources one claim or XR may compose, those of nested XRs included.
pub const MAX_RESOURCES: usize = 10_000;

/// How large they may be together.
pub const MAX_RESOURCE_BYTES: usize = 128 << 20;

/// A text would be longer than [`MAX_TEXT_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is longer than {MAX_TEXT_BYTES} bytes")]
pub struct TextTooLong;

/// What a value takes, roughly: its texts and a word for each node.
pub fn bytes_of(value: &Value) -> usize {
    8 + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(bytes_of).sum(),
        Value::Object(map) => map.iter().map(|(key, item)| key.len() + bytes_of(item)).sum(),
        _ => 0,
    }
}

/// What is left of [`MAX_WRITTEN_BYTES`].
#[derive(Debug)]
pub struct Budget {
    left: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: MAX_WRITTEN_BYTES }
    }
}

impl Budget {
    /// Takes what writing `value` to `places` places costs.
    pub fn take(&mut self, value: &Value, places: usize) -> Result<(), String> {
        let wanted = bytes_of(value).saturating_mul(places);
        self.left = self
            .left
            .checked_sub(wanted)
            .ok_or_else(|| format!("the patches of this step write more than {} MiB", MAX_WRITTEN_BYTES >> 20))?;
        Ok(())
    }
}
