//! What every handler shares: the application, the verified tokens, the configuration.

use std::{fmt, sync::Arc};

use engage_app::Engage;

use crate::{
    pages::sign_in::Identity,
    token::{TokenKey, Tokens},
};

/// What the server is told.
#[derive(Clone)]
pub struct Config {
    /// The key with which bearer tokens are signed.
    pub token_key: TokenKey,
    /// Whether the address that the nearest proxy wrote last into `X-Forwarded-For` is believed. Only behind such a proxy: anybody
    /// else can write there what they like.
    pub trust_proxy: bool,
    /// What `/metrics` answers, in the Prometheus text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Whether the server can do its work, for `/readyz`; if not, why.
    pub ready: Arc<dyn Fn() -> Result<(), String> + Send + Sync>,
    /// Whom the sign-in page lets in without a token: only ever the made-up people of a demonstration.
    pub identities: Vec<Identity>,
}

impl Config {
    /// A server that is always ready, has no metrics and stands behind no proxy.
    pub fn new(token_key: TokenKey) -> Self {
        Self {
            token_key,
            trust_proxy: false,
            metrics: Arc::new(String::new),
            ready: Arc::new(|| Ok(())),
            identities: vec![],
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("token_key", &self.token_key)
            .field("trust_proxy", &self.trust_proxy)
            .finish_non_exhaustive()
    }
}

/// The state of the router.
pub(crate) struct Server<R> {
    pub(crate) engage: Arc<Engage<R>>,
    pub(crate) tokens: Tokens,
    pub(crate) config: Config,
}

impl<R> Server<R> {
    pub(crate) fn new(engage: Arc<Engage<R>>, config: Config) -> Self {
        Self { engage, tokens: Tokens::new(&config.token_key), config }
    }
}

/// The state as handlers take it.
pub(crate) type Shared<R> = Arc<Server<R>>;
