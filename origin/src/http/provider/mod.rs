//! What payment providers send.

pub(super) mod webhook;
