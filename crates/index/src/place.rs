//! Where a page ended, as text that a caller hands back: opaque, URL-safe, and checked before it is believed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::conversations::CursorError;

/// Longest text that is looked at: a place is a few times, ids and words.
const TEXT_MAX: usize = 512;

/// A place as text: the base 64 of its JSON.
pub(crate) fn write(place: &impl Serialize, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    f.write_str(&URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).map_err(|_| std::fmt::Error)?))
}

/// Reads what [`write`] wrote.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, CursorError> {
    let bytes = Some(text).filter(|text| text.len() <= TEXT_MAX).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or(CursorError::Malformed)
}
