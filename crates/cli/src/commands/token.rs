//! `engage token`: a bearer token for a person.

use clap::Args;
use engage_domain::{FirmId, Role};
use engage_http::token::{TokenRequest, issue_token};

use super::key::TokenKeyArg;
use crate::out::say;
use crate::{
    exit::{Exit, failed},
    span,
};

/// Prints a bearer token, alone on its line. The key comes from ENGAGE_TOKEN_KEY.
#[derive(Args, Debug)]
pub(crate) struct Token {
    /// The firm
    #[arg(long, value_name = "FIRM")]
    firm: FirmId,
    /// The person: a user id, an e-mail address, or what the identity provider calls them
    #[arg(long, value_name = "USER")]
    user: String,
    /// Their role, such as managing_partner
    #[arg(long, value_parser = role)]
    role: Role,
    /// How long it is valid: a number and s, m, h or d
    #[arg(long, default_value = "12h", value_parser = span::parse)]
    ttl: std::time::Duration,
    /// Their name, for a person whom the firm does not know yet
    #[arg(long)]
    name: Option<String>,
    /// Their e-mail address, for a person whom the firm does not know yet
    #[arg(long)]
    email: Option<String>,
    #[command(flatten)]
    key: TokenKeyArg,
}

fn role(word: &str) -> Result<Role, String> {
    Role::parse(word).filter(|role| Role::ASSIGNABLE.contains(role)).ok_or_else(|| {
        let words: Vec<_> = Role::ASSIGNABLE.iter().map(|role| role.as_str()).collect();
        format!("must be one of {}", words.join(", "))
    })
}

impl Token {
    /// Runs the command.
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        if self.user.trim().is_empty() || self.user.len() > engage_domain::user::SUBJECT_MAX {
            return Err(failed(Exit::Usage, "--user must have 1 to 255 bytes"));
        }
        let token = issue_token(
            &self.key.require()?,
            &TokenRequest {
                firm: &self.firm,
                subject: self.user.trim(),
                role: self.role,
                issued_at: crate::now(),
                ttl_ms: i64::try_from(self.ttl.as_millis())?,
                email: self.email.as_deref(),
                name: self.name.as_deref(),
            },
        );
        if json {
            say!("{}", serde_json::json!({ "token": token, "expiresInSeconds": self.ttl.as_secs() }));
        } else {
            say!("{token}");
        }
        Ok(Exit::Ok)
    }
}
