//! Firms on Cloudflare: what a deployment is configured with, and the databases of its firms.
//!
//! - [`deployment`]: `wrangler.jsonc`, read and written with everything that people wrote into it.
//! - [`wrangler`]: the program that speaks to Cloudflare, or to the databases of this machine.
//! - [`onboarding`]: what has to be done for each firm, and the doing of it.

pub(crate) mod deployment;
pub(crate) mod onboarding;
pub(crate) mod wrangler;
