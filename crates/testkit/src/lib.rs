//! Parts of tests that several crates share. Nothing ships with it, and nothing that ships may depend on it.
//!
//! Empty so far: each crate's tests have a rig of their own, made for what they look at. What a second crate comes to need moves here.
