//! The scale of health, and one object's place on it.

use std::fmt;
use std::str::FromStr;

/// How well an object is, best first: Argo CD's words in Argo CD's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It is what it is meant to be.
    Healthy,
    /// It is held back on purpose.
    Suspended,
    /// It is on its way.
    Progressing,
    /// It should be there and is not.
    Missing,
    /// It failed, or got nowhere in time.
    Degraded,
    /// Nobody could tell.
    Unknown,
}

impl Status {
    /// All of them, best first.
    pub const ALL: [Self; 6] =
        [Self::Healthy, Self::Suspended, Self::Progressing, Self::Missing, Self::Degraded, Self::Unknown];

    /// Argo CD's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Suspended => "Suspended",
            Self::Progressing => "Progressing",
            Self::Missing => "Missing",
            Self::Degraded => "Degraded",
            Self::Unknown => "Unknown",
        }
    }

    /// Whether nothing is to be done or waited for. What is suspended is as somebody wants it.
    pub fn is_well(self) -> bool {
        matches!(self, Self::Healthy | Self::Suspended)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for Status {
    type Err = ();

    /// Reads exactly the words of [`Status::as_str`].
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(())
    }
}

/// What is said of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// How well it is.
    pub status: Status,
    /// Why, for people; may be empty.
    pub message: String,
}

impl Health {
    /// A status and why.
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(crate) fn healthy(message: impl Into<String>) -> Self {
        Self::new(Status::Healthy, message)
    }

    pub(crate) fn progressing(message: impl Into<String>) -> Self {
        Self::new(Status::Progressing, message)
    }

    pub(crate) fn degraded(message: impl Into<String>) -> Self {
        Self::new(Status::Degraded, message)
    }

    pub(crate) fn suspended(message: impl Into<String>) -> Self {
        Self::new(Status::Suspended, message)
    }

    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self::new(Status::Unknown, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_argo_cds_and_its_words_are_read_back() {
        assert!(Status::ALL.is_sorted());
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert_eq!("healthy".parse::<Status>(), Err(()));
        assert_eq!(Status::ALL.iter().copied().max(), Some(Status::Unknown));
    }
}
