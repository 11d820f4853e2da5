//! The key that signs tokens.

use clap::Args;
use engage_http::token::TokenKey;

use crate::exit::{Exit, failed};

/// The key that signs tokens, from the environment alone, so that it shows in no list of processes.
#[derive(Args, Debug)]
pub(crate) struct TokenKeyArg {
    #[arg(long = "token-key", env = "ENGAGE_TOKEN_KEY", hide_env_values = true, hide = true)]
    token_key: Option<String>,
}

impl TokenKeyArg {
    /// The key, if there is one.
    pub(crate) fn get(&self) -> Option<TokenKey> {
        let key = self.token_key.as_deref().filter(|key| !key.is_empty())?;
        let key = TokenKey::new(key.as_bytes());
        if key.is_short() {
            eprintln!("warning: ENGAGE_TOKEN_KEY has fewer bytes than HMAC-SHA-256 is good for; use 32 random ones");
        }
        Some(key)
    }

    /// The key, or a usage error that says where it comes from.
    pub(crate) fn require(&self) -> anyhow::Result<TokenKey> {
        self.get().ok_or_else(|| {
            let hint =
                "set ENGAGE_TOKEN_KEY to the key that signs tokens, for example the output of `openssl rand -hex 32`";
            failed(Exit::Usage, hint)
        })
    }
}
