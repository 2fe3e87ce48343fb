//! Generates the messages and services of `proto/`, without a protobuf compiler on the machine.
//!
//! `google.protobuf.Struct` is mapped to `crate::structure::Struct`, which stays encoded until it is read: decoding an
//! arbitrarily deep document must neither recurse without bound nor stop at a generic limit that real schemas exceed.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = protox::compile(["fn_v1.proto", "fn_v1beta1.proto", "render_v1alpha1.proto"], ["proto"])?;
    tonic_prost_build::configure()
        .build_transport(false)
        .server_mod_attribute(".", "#[cfg(any(test, feature = \"test-server\"))]")
        // Sorted maps make the encoding deterministic, which the request's tag is a hash of.
        .btree_map(".")
        .extern_path(".google.protobuf.Struct", "crate::structure::Struct")
        .compile_fds(files)?;
    Ok(())
}
