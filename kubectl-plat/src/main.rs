//! kubectl plat.
fn main() {}
