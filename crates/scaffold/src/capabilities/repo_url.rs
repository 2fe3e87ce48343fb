//! Repositories as `host?owner=…&repo=…`.

use url::Url;

use crate::data::Data;
use crate::template::Lent;

/// What kind of service a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntegrationKind {
    /// Azure DevOps.
    Azure,
    /// Bitbucket as a service.
    BitbucketCloud,
    /// Bitbucket of one's own.
    BitbucketServer,
    /// Gerrit.
    Gerrit,
    /// GitHub and its Enterprise servers.
    GitHub,
    /// GitLab.
    GitLab,
    /// Gitea and Forgejo.
    Gitea,
    /// Anything else that can be named.
    Other,
}

/// One host that repositories may be on.
#[derive(Debug, Clone)]
pub struct Integration {
    /// Host and port.
    pub host: String,
    /// Its kind.
    pub kind: IntegrationKind,
}

/// All hosts that repositories may be on; the first of a name counts.
#[derive(Debug, Clone)]
pub struct Integrations(Vec<Integration>);

/// The parts of a repository's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoSpec {
    /// Host and port.
    pub host: String,
    /// Who owns it.
    pub owner: Option<String>,
    /// Its name.
    pub repo: Option<String>,
    /// The organization, where hosts have some.
    pub organization: Option<String>,
    /// The workspace, where hosts have some.
    pub workspace: Option<String>,
    /// The project, where hosts have some.
    pub project: Option<String>,
}

impl Default for Integrations {
    /// What Backstage knows when nobody configured anything.
    fn default() -> Self {
        let known = [
            ("amazonaws.com", IntegrationKind::Other),
            ("blob.core.windows.net", IntegrationKind::Other),
            ("dev.azure.com", IntegrationKind::Azure),
            ("bitbucket.org", IntegrationKind::BitbucketCloud),
            ("github.com", IntegrationKind::GitHub),
            ("gitlab.com", IntegrationKind::GitLab),
            ("storage.cloud.google.com", IntegrationKind::Other),
        ];
        Self(known.into_iter().map(|(host, kind)| Integration { host: host.to_owned(), kind }).collect())
    }
}

impl Integrations {
    /// Adds a host before those that are known.
    pub fn add(&mut self, integration: Integration) {
        self.0.insert(0, integration);
    }

    /// The kind of a host, where it is known.
    pub fn kind(&self, host: &str) -> Option<IntegrationKind> {
        self.0.iter().find(|integration| integration.host == host).map(|integration| integration.kind)
    }

    /// Reads a repository's address.
    pub fn parse(&self, address: &str) -> Result<RepoSpec, String> {
        let Ok(url) = Url::parse(&format!("https://{address}")) else {
            return Err(format!("Invalid repo URL passed to publisher, got {address}, TypeError: Invalid URL"));
        };
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        let Some(kind) = self.kind(&host) else {
            return Err(format!(
                "No matching integration configuration for host {host}, please check your integrations config"
            ));
        };
        let get = |name: &str| {
            let found = url.query_pairs().find(|(key, _)| key == name);
            found.map(|(_, value)| value.trim_matches('/').to_owned())
        };
        let project = get("project");
        let has_project = project.as_ref().is_some_and(|project| !project.is_empty());
        for name in required(kind, has_project) {
            let given = url.query_pairs().find(|(key, _)| key == name);
            if given.is_none_or(|(_, value)| value.is_empty()) {
                return Err(format!("Invalid repo URL passed to publisher: {url}, missing {name}"));
            }
        }
        Ok(RepoSpec {
            host,
            owner: get("owner"),
            repo: get("repo"),
            organization: get("organization"),
            workspace: get("workspace"),
            project,
        })
    }
}

fn required(kind: IntegrationKind, has_project: bool) -> &'static [&'static str] {
    match kind {
        IntegrationKind::BitbucketCloud => &["workspace", "project", "repo"],
        IntegrationKind::BitbucketServer | IntegrationKind::Azure => &["project", "repo"],
        IntegrationKind::GitLab if has_project => &[],
        IntegrationKind::GitLab => &["owner", "repo"],
        IntegrationKind::Gitea | IntegrationKind::Gerrit => &["repo"],
        IntegrationKind::GitHub | IntegrationKind::Other => &["repo", "owner"],
    }
}

impl RepoSpec {
    /// As templates see it: all fields are there, some without a value.
    pub(super) fn lent(self) -> Lent {
        let text = |part: Option<String>| part.map(Data::String);
        Lent::Record(vec![
            ("host", Some(Data::String(self.host))),
            ("owner", text(self.owner)),
            ("repo", text(self.repo)),
            ("organization", text(self.organization)),
            ("workspace", text(self.workspace)),
            ("project", text(self.project)),
        ])
    }
}
