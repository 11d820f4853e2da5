//! Bearer tokens: JSON Web Tokens (RFC 7519) signed with HMAC-SHA-256 under the server's key.
//!
//! Invariant: a token is accepted only with a good signature of exactly this algorithm, within its time, for a well-formed firm and a
//! role that a user can hold. Time comes from the platform, not from the library's clock.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use engage_app::Claims;
use engage_domain::{FirmId, Role, Timestamp, UserId, text::Private, user::SUBJECT_MAX};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// Longest token that is looked at; one with every claim has about 500 bytes.
const TOKEN_MAX: usize = 4096;
/// Most verified tokens that are remembered.
const CACHE_MAX: usize = 10_000;

/// The key with which tokens are signed.
#[derive(Clone)]
pub struct TokenKey(Arc<[u8]>);

impl TokenKey {
    /// Takes the key's bytes. RFC 7518, section 3.2, asks for at least 32 of them ([`TokenKey::is_short`]).
    pub fn new(key: impl Into<Arc<[u8]>>) -> Self {
        Self(key.into())
    }

    /// Whether the key has fewer bytes than HMAC-SHA-256 is good for.
    pub fn is_short(&self) -> bool {
        self.0.len() < 32
    }

    /// The key's bytes: other secrets of the same server are derived from them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKey({} bytes)", self.0.len())
    }
}

/// What a token is to say.
#[derive(Clone, Debug)]
pub struct TokenRequest<'a> {
    /// The firm.
    pub firm: &'a FirmId,
    /// The user: an id, an e-mail address, or what an identity provider calls them.
    pub subject: &'a str,
    /// The role.
    pub role: Role,
    /// When it is issued.
    pub issued_at: Timestamp,
    /// How long it works, in milliseconds.
    pub ttl_ms: i64,
    /// The user's e-mail address, for one whom the firm does not know yet.
    pub email: Option<&'a str>,
    /// The user's name, for one whom the firm does not know yet.
    pub name: Option<&'a str>,
}

/// The claims as they are written. Times are seconds since 1970 and may have a fraction (RFC 7519, section 2, NumericDate): with
/// milliseconds in `iat`, a token issued right after a revocation is told from one issued right before.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    sub: std::borrow::Cow<'a, str>,
    firm: std::borrow::Cow<'a, str>,
    role: std::borrow::Cow<'a, str>,
    iat: f64,
    exp: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<std::borrow::Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<std::borrow::Cow<'a, str>>,
}

/// Issues a token. Whether subject and role make sense is found out when it is used.
pub fn issue_token(key: &TokenKey, request: &TokenRequest<'_>) -> String {
    let wire = Wire {
        sub: request.subject.into(),
        firm: request.firm.as_str().into(),
        role: request.role.as_str().into(),
        iat: seconds(request.issued_at),
        exp: seconds(request.issued_at.plus_millis(request.ttl_ms)),
        email: request.email.map(Into::into),
        name: request.name.map(Into::into),
    };
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &wire, &EncodingKey::from_secret(&key.0))
        .expect("strings and finite numbers always encode under a symmetric key")
}

fn seconds(at: Timestamp) -> f64 {
    at.as_millis() as f64 / 1000.0
}

fn timestamp(seconds: f64) -> Option<Timestamp> {
    seconds.is_finite().then(|| Timestamp::from_millis((seconds * 1000.0).round() as i64))
}

/// Why a token was refused; public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) &'static str);

/// Verifies tokens, each once.
pub(crate) struct Tokens {
    key: DecodingKey,
    validation: Validation,
    verified: RwLock<HashMap<Box<str>, Arc<Claims>>>,
}

impl Tokens {
    pub(crate) fn new(key: &TokenKey) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is checked here, against the platform's clock; an audience is not ours to check.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Self { key: DecodingKey::from_secret(&key.0), validation, verified: RwLock::default() }
    }

    /// What `token` says, if it is to be believed.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<Claims>, Refused> {
        const EXPIRED: Refused = Refused("the token has expired");
        if let Some(known) = self.verified.read().unwrap_or_else(PoisonError::into_inner).get(token) {
            return if known.expires_at > now { Ok(Arc::clone(known)) } else { Err(EXPIRED) };
        }
        if token.len() > TOKEN_MAX {
            return Err(Refused("the token is too long"));
        }
        let wire = jsonwebtoken::decode::<Wire<'static>>(token, &self.key, &self.validation)
            .map_err(|_| Refused("the token is malformed or its signature does not match"))?
            .claims;
        let claims = Arc::new(read(wire)?);
        if claims.expires_at <= now {
            return Err(EXPIRED);
        }
        self.remember(token, Arc::clone(&claims), now);
        Ok(claims)
    }

    fn remember(&self, token: &str, verified: Arc<Claims>, now: Timestamp) {
        let mut cache = self.verified.write().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHE_MAX {
            cache.retain(|_, known| known.expires_at > now);
        }
        if cache.len() >= CACHE_MAX {
            cache.clear();
        }
        cache.insert(token.into(), verified);
    }
}

fn read(wire: Wire<'_>) -> Result<Claims, Refused> {
    let firm: FirmId = wire.firm.parse().map_err(|_| Refused("the token names no firm"))?;
    let role = Role::parse(&wire.role).filter(|role| Role::ASSIGNABLE.contains(role));
    let role = role.ok_or(Refused("the token carries an unknown role"))?;
    let subject = wire.sub.trim();
    if subject.is_empty() || subject.len() > SUBJECT_MAX || subject.chars().any(char::is_control) {
        return Err(Refused("the token names no user"));
    }
    let (Some(issued_at), Some(expires_at)) = (timestamp(wire.iat), timestamp(wire.exp)) else {
        return Err(Refused("the token's times are none"));
    };
    Ok(Claims {
        user_id: UserId::from_subject(&firm, subject),
        subject: Private::from(subject),
        firm,
        role,
        issued_at,
        expires_at,
        email: wire.email.as_deref().map(Private::from),
        name: wire.name.as_deref().map(Private::from),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);

    fn key() -> TokenKey {
        TokenKey::new(*b"0123456789abcdef0123456789abcdef")
    }

    fn token(ttl_ms: i64, role: Role) -> String {
        let firm = "acme".parse().unwrap();
        let request =
            TokenRequest { firm: &firm, subject: "ann", role, issued_at: NOW, ttl_ms, email: None, name: None };
        issue_token(&key(), &request)
    }

    #[test]
    fn a_token_is_believed_until_it_expires_from_the_cache_too() {
        let (tokens, token) = (Tokens::new(&key()), token(1000, Role::Attorney));
        for _ in 0..2 {
            let claims = tokens.verify(&token, NOW).unwrap();
            assert_eq!((claims.role, claims.issued_at), (Role::Attorney, NOW));
            assert!(tokens.verify(&token, NOW.plus_millis(1000)).is_err());
        }
    }

    #[test]
    fn another_key_another_algorithm_or_a_changed_payload_is_refused() {
        let tokens = Tokens::new(&key());
        let good = token(1000, Role::Client);
        assert!(Tokens::new(&TokenKey::new(*b"another")).verify(&good, NOW).is_err());
        let (_, payload) = good.split_once('.').unwrap();
        // {"alg":"none"}
        assert!(tokens.verify(&format!("eyJhbGciOiJub25lIn0.{payload}"), NOW).is_err());
        assert!(tokens.verify(&good.replacen("ey", "eY", 2), NOW).is_err());
        assert!(tokens.verify("", NOW).is_err());
    }

    #[test]
    fn the_platforms_own_roles_are_in_no_token() {
        for role in [Role::System, Role::Visitor] {
            assert!(Tokens::new(&key()).verify(&token(1000, role), NOW).is_err());
        }
    }
}
