//! The weights of the features, by kind of party.
//!
//! Set by hand; `cargo xtask fit-screening` writes this file.

use crate::features::FEATURES;

/// For persons and matters.
pub(crate) const PERSON: [f64; FEATURES] =
    [-9.0, 5.0, 4.0, 4.0, -2.0, -1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, -1.0, -1.0, 2.0, -0.2];

/// For organisations.
pub(crate) const ORGANISATION: [f64; FEATURES] =
    [-9.0, 5.0, 4.0, 4.0, -2.0, -1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, -0.2, -1.0, -1.0, -1.0, 2.0, -0.2];
