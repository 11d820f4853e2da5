//! `engage openapi`: the API's description.

use clap::Args;
use engage_native::Platform;

use crate::exit::Exit;
use crate::out::say;

/// Prints the OpenAPI 3.1 document of the API, as the server serves it under /api/openapi.json.
#[derive(Args, Debug)]
pub(crate) struct OpenApi {}

impl OpenApi {
    /// Runs the command.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        say!("{}", serde_json::to_string_pretty(&engage_http::openapi::<Platform>())?);
        Ok(Exit::Ok)
    }
}
