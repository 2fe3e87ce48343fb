//! Calls to the API server, as it counts them itself, whoever made them.
//!
//! Owns telling an engine's calls from the load's own, which are known, and from what the API server asks of itself.

use std::collections::BTreeMap;

use super::super::api::Api;

/// What is counted: the verb, and the resource with its subresource.
type What = (String, String);

/// Calls by verb and resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Calls(BTreeMap<What, f64>);

/// Resources that the API server looks after by itself.
const OF_ITSELF: [&str; 9] = [
    "apiservices",
    "endpoints",
    "endpointslices",
    "flowschemas",
    "ipaddresses",
    "leases",
    "prioritylevelconfigurations",
    "servicecidrs",
    "services",
];

impl Calls {
    /// All so far.
    pub(super) async fn so_far(api: &mut Api) -> anyhow::Result<Self> {
        Ok(Self::read(&api.text("/metrics").await?))
    }

    fn read(metrics: &str) -> Self {
        let mut calls = Self::default();
        for line in metrics.lines().filter_map(|line| line.strip_prefix("apiserver_request_total{")) {
            let Some((labels, count)) = line.rsplit_once("} ") else { continue };
            let label = |name: &str| {
                let begins = format!("{name}=\"");
                let mut found = labels.split("\",").filter_map(|label| label.strip_prefix(&begins));
                found.next().map(|value| value.trim_end_matches('"'))
            };
            let (Some(verb), Some(resource)) = (label("verb"), label("resource").filter(|name| !name.is_empty()))
            else {
                continue;
            };
            let subresource = label("subresource").filter(|name| !name.is_empty());
            let what = subresource.map_or_else(|| resource.to_owned(), |name| format!("{resource}/{name}"));
            // A million is written as 1e+06.
            let count: f64 = count.trim().parse().unwrap_or_default();
            *calls.0.entry((verb.to_owned(), what)).or_default() += count;
        }
        calls
    }

    /// Those since `before`, without so many of the load's own.
    pub(super) fn since(&self, before: &Self, own: (&str, &str, f64)) -> Self {
        let mut since = Self::default();
        for ((verb, resource), count) in &self.0 {
            let what = (verb.clone(), resource.clone());
            let mut new = count - before.0.get(&what).copied().unwrap_or_default();
            if (verb.as_str(), resource.as_str()) == (own.0, own.1) {
                new -= own.2;
            }
            let is_of_itself = OF_ITSELF.contains(&resource.as_str());
            if new > 0.0 && !is_of_itself {
                since.0.insert(what, new);
            }
        }
        since
    }

    /// How many, but for watches, which last.
    pub(super) fn total(&self) -> f64 {
        self.0
            .iter()
            .filter(|((verb, _), _)| verb != "WATCH")
            .map(|(_, count)| count)
            .fold(0.0, |sum, count| sum + count)
    }

    /// How many of them change something.
    pub(super) fn writes(&self) -> f64 {
        let reads = ["GET", "LIST", "WATCH"];
        self.0
            .iter()
            .filter(|((verb, _), _)| !reads.contains(&verb.as_str()))
            .map(|(_, count)| count)
            .fold(0.0, |sum, count| sum + count)
    }

    /// All of them in a line, the most frequent first.
    pub(super) fn line(&self) -> String {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let shown = all.iter().map(|((verb, resource), count)| format!("{} {resource} {count}", verb.to_lowercase()));
        shown.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_api_server_counts() {
        let text = "\
# TYPE apiserver_request_total counter
apiserver_request_total{code=\"200\",component=\"apiserver\",dry_run=\"\",group=\"bench.example\",resource=\"stores\",scope=\"resource\",subresource=\"status\",verb=\"PUT\",version=\"v1\"} 7
apiserver_request_total{code=\"409\",component=\"apiserver\",dry_run=\"\",group=\"bench.example\",resource=\"stores\",scope=\"resource\",subresource=\"status\",verb=\"PUT\",version=\"v1\"} 2
apiserver_request_total{code=\"201\",group=\"bench.example\",resource=\"stores\",subresource=\"\",verb=\"POST\"} 10
apiserver_request_total{code=\"200\",group=\"\",resource=\"configmaps\",subresource=\"\",verb=\"LIST\"} 3
apiserver_request_total{code=\"200\",group=\"\",resource=\"leases\",subresource=\"\",verb=\"PUT\"} 3
apiserver_request_total{code=\"200\",group=\"\",resource=\"\",subresource=\"/healthz\",verb=\"GET\"} 3
";
        let calls = Calls::read(text);
        let since = calls.since(&Calls::default(), ("POST", "stores", 4.0));
        assert_eq!(since.line(), "put stores/status 9, post stores 6, list configmaps 3");
        assert_eq!((since.total(), since.writes()), (18.0, 15.0));
        assert_eq!(calls.since(&calls, ("POST", "stores", 0.0)), Calls::default());
    }
}
