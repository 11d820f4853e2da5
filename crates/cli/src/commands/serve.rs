//! `engage serve`: the server on a data folder.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use engage_native::{Options, Platform};

use super::key::TokenKeyArg;
use crate::out::say;
use crate::{
    exit::{Exit, failed},
    server::{self, Server},
};

/// Serves a data folder over HTTP. Prints `READY http://…` when it answers; ends in order on SIGTERM or Ctrl+C.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// The data folder; made if it is not there
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where to listen; port 0 picks one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
    /// Believe X-Forwarded-For: only behind a proxy that sets it
    #[arg(long)]
    trust_proxy: bool,
    /// When each firm's chains are verified and its index reconciled: a cron expression on the firm's own clock, or never. Firms are spread
    /// over the hour that follows
    #[arg(long, env = "ENGAGE_SCHEDULE", value_name = "CRON", default_value = "0 2 * * *")]
    schedule: String,
    /// End in order as well when standard input closes, for whoever starts it as a child
    #[arg(long)]
    until_stdin_closes: bool,
    #[command(flatten)]
    key: TokenKeyArg,
}

impl Serve {
    /// Runs the command.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let key = self.key.require()?;
        let schedule = match &*self.schedule {
            "never" => None,
            cron => Some(cron.parse().map_err(|error| failed(Exit::Usage, format!("--schedule {error}, or never")))?),
        };
        server::init_logging();
        let platform = Platform::open(&self.data, Options::default())?;
        let runtime = super::open::runtime()?;
        runtime.block_on(async {
            let mut server = Server::start(platform, self.listen, key, self.trust_proxy, schedule, vec![]).await?;
            if self.until_stdin_closes {
                server.until_input_closes();
            }
            say!("READY {}", server.url());
            server.run().await
        })
    }
}
