//! The values that Kubernetes adds: addresses, networks, links, quantities, versions, formats.

use std::net::IpAddr;

use super::named_format::NamedFormat;
use super::network::{Cidr, Url};
use super::semver::Semver;
use crate::quantity::Quantity;

/// One of the values that Kubernetes adds.
#[derive(Debug)]
pub enum Extension {
    /// `kubernetes.URL`
    Url(Url),
    /// `net.IP`
    Ip(IpAddr),
    /// `net.CIDR`
    Cidr(Cidr),
    /// `kubernetes.Quantity`
    Quantity(Quantity),
    /// `kubernetes.Semver`
    Semver(Semver),
    /// `kubernetes.NamedFormat`
    Format(NamedFormat),
}

impl Extension {
    /// The name of its type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Url(_) => "kubernetes.URL",
            Self::Ip(_) => "net.IP",
            Self::Cidr(_) => "net.CIDR",
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Format(_) => "kubernetes.NamedFormat",
        }
    }

    pub(super) fn size(&self) -> usize {
        match self {
            Self::Ip(IpAddr::V4(_)) | Self::Cidr(Cidr { address: IpAddr::V4(_), .. }) => 4,
            Self::Ip(IpAddr::V6(_)) | Self::Cidr(Cidr { address: IpAddr::V6(_), .. }) => 16,
            _ => 1,
        }
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Url(one), Self::Url(other)) => one == other,
            (Self::Ip(one), Self::Ip(other)) => one == other,
            (Self::Cidr(one), Self::Cidr(other)) => one == other,
            (Self::Quantity(one), Self::Quantity(other)) => one == other,
            (Self::Semver(one), Self::Semver(other)) => one.compare(other).is_eq(),
            (Self::Format(one), Self::Format(other)) => one.name() == other.name(),
            _ => false,
        }
    }
}
