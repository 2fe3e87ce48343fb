//! Translates between JSON and the bytes of Crossplane's render protocol, standard input to standard output.
//!
//! With it two render engines can be compared by machine:
//!
//! ```text
//! render_wire encode-request < input.json > request.bin
//! kubectl-plat internal render < request.bin | render_wire decode-response
//! crossplane   internal render < request.bin | render_wire decode-response
//! ```
//!
//! The JSON is that of `plat_cluster::render::{CompositeInput, RenderResponse}`.

use std::error::Error;
use std::io::{Read, Write};

use plat_cluster::render::{self, RenderRequest};

fn main() -> Result<(), Box<dyn Error>> {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    let output = match mode.as_str() {
        "encode-request" => render::encode_request(&serde_json::from_slice(&input)?)?,
        "encode-response" => render::encode_response(&serde_json::from_slice(&input)?)?,
        "decode-response" => serde_json::to_vec_pretty(&render::decode_response(&input)?)?,
        "decode-request" => match render::decode_request(&input)? {
            RenderRequest::Composite(input) => serde_json::to_vec_pretty(&input)?,
            RenderRequest::Operation => return Err("it is about an Operation".into()),
        },
        _ => return Err("usage: render_wire encode-request|decode-request|encode-response|decode-response".into()),
    };
    std::io::stdout().write_all(&output)?;
    Ok(())
}
