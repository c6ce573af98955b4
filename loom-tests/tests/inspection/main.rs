//! What is looked at and told of: feature `inspect`.

#[path = "../explore/mod.rs"]
mod explore;

mod inspect_notes;
mod inspect_tokens;
mod scope_inspect;
mod scope_trace;
#[cfg(feature = "tracing")]
mod span_slot;
