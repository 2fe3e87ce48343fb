//! `kubectl plat claim plan` against a cluster: what it says, and that it writes nothing.

mod live;
mod plugin;
