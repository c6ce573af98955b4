//! Scopes, groups and parallel scopes.

#[path = "../explore/mod.rs"]
mod explore;

mod group;
mod par;
mod par_futures;
mod scope;
mod scope_features;
mod scope_handle;
mod scope_token;
