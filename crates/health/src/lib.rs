//! What live objects say of their health, and who belongs to whom.
//!
//! Owns the scale of [`Status`], the rules that read a [`Health`] from one object, the [`graph`] of many, the deepest [`cause`] of what is
//! not well, and the forms in which a tree is shown ([`render`]). An object is a JSON value and "now" is an
//! argument: there is no clock here, and nothing is fetched. Custom checks are behind the [`Custom`] port; those in Argo CD's format
//! are `plat-checks`.
//!
//! Who answers for an object, in this order, as in Argo CD 3.3:
//! 1. An object that is being deleted is Progressing.
//! 2. A custom check.
//! 3. Argo CD's own rules for the kinds of Kubernetes ([`builtin`]) and of Crossplane ([`crossplane`]).
//! 4. Where Argo CD says nothing and [`Unknown::Conditions`] is chosen: what plat knows of more kinds ([`known`]), of
//!    everything that Crossplane's controllers write conditions to, and of conditions in general ([`conditions`]).

pub mod builtin;
pub mod cause;
pub mod conditions;
pub mod crossplane;
mod fields;
pub mod graph;
pub mod known;
pub mod render;
mod rules;
mod status;

pub use rules::{Answer, Custom, Rules, Unknown};
pub use status::{Health, Status};
