//! Bearer tokens as the API takes them: JSON Web Tokens under HMAC-SHA-256. Written down here once more on purpose: the suite holds a
//! target to the form, not to the code that reads it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// The key that every target is started with.
pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A token for an hour.
pub(crate) fn issue(firm: &str, subject: &str, role: &str) -> String {
    let now = now();
    sign(&json!({ "sub": subject, "firm": firm, "role": role, "iat": now, "exp": now + 3600.0 }), KEY)
}

/// A token that was good until an hour ago.
pub(crate) fn expired(firm: &str, subject: &str, role: &str) -> String {
    let now = now();
    sign(&json!({ "sub": subject, "firm": firm, "role": role, "iat": now - 7200.0, "exp": now - 3600.0 }), KEY)
}

/// These claims under this key.
pub(crate) fn sign(claims: &Value, key: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// Seconds since 1970, with milliseconds: what `iat` holds.
#[expect(clippy::disallowed_methods, reason = "a client has only the wall clock")]
pub(crate) fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_millis() as f64 / 1000.0
}
