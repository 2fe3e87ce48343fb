//! Why a cluster gives no answer, and what helps.

use std::error::Error;
use std::path::PathBuf;

use kube::config::KubeconfigError;
use plat_resource::Diagnostic;

/// Why a cluster gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No event loop.
    #[error("cannot start the event loop that requests need")]
    Runtime(#[source] std::io::Error),
    /// No kubeconfig is there.
    #[error("no cluster is named")]
    NoCluster {
        /// Where one was looked for.
        places: Vec<PathBuf>,
    },
    /// The kubeconfig cannot be used.
    #[error("the kubeconfig cannot be used")]
    Kubeconfig {
        /// Why.
        source: Box<KubeconfigError>,
    },
    /// The kubeconfig has no current context.
    #[error("no cluster is named")]
    NoContext {
        /// Those it has.
        known: Vec<String>,
    },
    /// The context is not in the kubeconfig.
    #[error("there is no context {name:?} in the kubeconfig")]
    UnknownContext {
        /// Its name.
        name: String,
        /// Which may be meant.
        hint: Option<String>,
    },
    /// What the kubeconfig says does not make a client.
    #[error("no connection to {url} can be made")]
    Client {
        /// The address.
        url: String,
        /// Why.
        source: Box<kube::Error>,
    },
    /// Nobody answers.
    #[error("the cluster at {url} cannot be reached")]
    Unreachable {
        /// The address.
        url: String,
        /// Why.
        source: Box<kube::Error>,
    },
    /// No answer came in time.
    #[error("the cluster at {url} does not answer")]
    Timeout {
        /// The address.
        url: String,
        /// How long was waited.
        seconds: f32,
    },
    /// The cluster does not know who asks.
    #[error("the cluster at {url} does not accept your credentials")]
    Unauthorized {
        /// The address.
        url: String,
        /// In the API server's words.
        message: String,
    },
    /// Whoever asks may not.
    #[error("you may not read {what}")]
    Forbidden {
        /// What was asked for.
        what: String,
        /// In the API server's words.
        message: String,
    },
    /// The API server says no.
    #[error("the cluster at {url} does not give {what}")]
    Refused {
        /// The address.
        url: String,
        /// What was asked for.
        what: String,
        /// HTTP's number.
        code: u16,
        /// In the API server's words.
        message: String,
    },
}

impl ClusterError {
    pub(super) fn of(error: kube::Error, url: &str, what: &str) -> Self {
        let (url, what) = (url.to_owned(), what.to_owned());
        match error {
            kube::Error::Api(status) => {
                let message = status.message.clone();
                match status.code {
                    401 => Self::Unauthorized { url, message },
                    403 => Self::Forbidden { what, message },
                    code => Self::Refused { url, what, code, message },
                }
            }
            error => Self::Unreachable { url, source: Box::new(error) },
        }
    }

    /// Whether there is no such object, or no such kind.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { code: 404, .. })
    }

    /// Whether whoever asks may not.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Forbidden { .. })
    }

    /// The API server's refusal: HTTP's number and its words.
    pub fn refusal(&self) -> Option<(u16, &str)> {
        match self {
            Self::Refused { code, message, .. } => Some((*code, message)),
            Self::Forbidden { message, .. } => Some((403, message)),
            _ => None,
        }
    }

    /// As the user is told.
    pub fn diagnostic(&self) -> Diagnostic {
        let mut finding = Diagnostic::error(self.to_string());
        for cause in self.causes() {
            finding = finding.because(cause);
        }
        finding.maybe_hint(self.hint())
    }

    fn causes(&self) -> Vec<String> {
        match self {
            Self::NoCluster { places } if places.is_empty() => vec!["there is no home folder to look in".to_owned()],
            Self::NoCluster { places } => {
                let shown: Vec<String> = places.iter().map(|path| path.display().to_string()).collect();
                vec![format!("there is no kubeconfig: {}", shown.join(", "))]
            }
            Self::NoContext { .. } => vec!["the kubeconfig has no current context".to_owned()],
            Self::UnknownContext { .. } => Vec::new(),
            Self::Timeout { seconds, .. } => vec![format!("no answer came within {seconds} s")],
            Self::Unauthorized { message, .. } | Self::Forbidden { message, .. } => vec![message.clone()],
            Self::Refused { code, message, .. } => vec![format!("{message} (HTTP {code})")],
            Self::Runtime(source) => chain(source),
            Self::Kubeconfig { source } => chain(source.as_ref()),
            Self::Client { source, .. } | Self::Unreachable { source, .. } => chain(source.as_ref()),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoCluster { .. } => "name one: --kubeconfig FILE, or the variable KUBECONFIG",
            Self::NoContext { known } if known.is_empty() => "the kubeconfig has no contexts at all",
            Self::NoContext { known } => return Some(format!("choose one with --context: {}", known.join(", "))),
            Self::UnknownContext { hint, .. } => return hint.clone(),
            Self::Unreachable { .. } => "kubectl cluster-info asks the same cluster",
            Self::Timeout { .. } => "--request-timeout waits longer",
            Self::Unauthorized { .. } => "log in again; kubectl auth whoami tells who the cluster takes you for",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// The innermost cause says what happened; those around it only that something did.
fn chain(error: &dyn Error) -> Vec<String> {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let (outer, inner) = (error.to_string(), last.to_string());
    // Some say their cause in their own words.
    if outer.contains(&inner) && !outer.starts_with("ServiceError") { vec![outer] } else { vec![inner] }
}
