//! Where a function listens: targets as gRPC writes them.

use std::fmt;
use std::str::FromStr;

/// A function's address, ready to be dialled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    host: String,
    port: u16,
}

/// Why a target is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The scheme is not one that can be dialled.
    #[error("{target:?} has the scheme {scheme:?}; give HOST:PORT, dns:///HOST:PORT or http://HOST:PORT")]
    Scheme {
        /// What was given.
        target: String,
        /// Its scheme.
        scheme: String,
    },
    /// No port, or none that is a port.
    #[error("{target:?} has no port between 1 and 65535; give HOST:PORT")]
    Port {
        /// What was given.
        target: String,
    },
    /// The host is not a name or an address.
    #[error("{target:?} has no valid host name; give HOST:PORT, with an IPv6 address in brackets")]
    Host {
        /// What was given.
        target: String,
    },
}

impl Target {
    /// The address as a URI.
    pub(crate) fn uri(&self) -> String {
        format!("http://{self}")
    }

    /// The address as a URI, for transport security.
    pub(crate) fn secure_uri(&self) -> String {
        format!("https://{self}")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(target: &str) -> Result<Self, Self::Err> {
        let address = address(target)?;
        let no_port = || TargetError::Port { target: target.to_owned() };
        let (host, port) = address.rsplit_once(':').ok_or_else(no_port)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(no_port)?;
        // An empty host means this machine, as gRPC has it.
        let host = if host.is_empty() { "localhost" } else { host };
        if !is_host(host) {
            return Err(TargetError::Host { target: target.to_owned() });
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

/// What is behind the scheme and, for `dns://AUTHORITY/`, the name server.
fn address(target: &str) -> Result<&str, TargetError> {
    let Some((scheme, rest)) = target.split_once("://") else {
        return Ok(target.strip_prefix("dns:").unwrap_or(target));
    };
    match scheme {
        "http" => Ok(rest.trim_end_matches('/')),
        "dns" | "passthrough" => Ok(rest.split_once('/').map_or(rest, |(_, address)| address)),
        _ => Err(TargetError::Scheme { target: target.to_owned(), scheme: scheme.to_owned() }),
    }
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_target() {
        for (target, address) in [
            ("localhost:9443", "localhost:9443"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("[::1]:9443", "[::1]:9443"),
            (":9443", "localhost:9443"),
            ("dns:host:80", "host:80"),
            ("dns:///function-x.ns.svc:9443", "function-x.ns.svc:9443"),
            ("dns://8.8.8.8/host:80", "host:80"),
            ("passthrough:///host:80", "host:80"),
            ("http://host:80/", "host:80"),
        ] {
            assert_eq!(target.parse::<Target>().map(|target| target.to_string()), Ok(address.to_owned()), "{target}");
        }
    }

    #[test]
    fn what_is_no_target() {
        for target in ["", "host", "host:", "host:0", "host:70000", "host:9443x", "http://host"] {
            assert!(matches!(target.parse::<Target>(), Err(TargetError::Port { .. })), "{target}");
        }
        for target in ["https://host:1", "unix:///run/function.sock:1"] {
            assert!(matches!(target.parse::<Target>(), Err(TargetError::Scheme { .. })), "{target}");
        }
        for target in ["::1:9443", "a b:1", "[::1:9443", "user@host:1", "host/path:1"] {
            assert!(matches!(target.parse::<Target>(), Err(TargetError::Host { .. })), "{target}");
        }
    }
}
