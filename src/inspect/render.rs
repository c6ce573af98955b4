//! A picture for people and programs: text, graphviz, JSON, SVG.
//!
//! All of them are `Display`s that borrow the picture, allocate nothing when they write and go over it
//! once. What they have in common, how a node is called and what it does, and how text is escaped, is in
//! `render/parts.rs`.

mod alike;
mod chrome;
mod dot;
mod json;
pub(super) mod parts;
mod recorded;
mod svg;
mod timeline;
mod tree;
mod words;

pub use dot::Dot;
pub use json::JsonLines;
pub use svg::Svg;
pub use timeline::{Activity, Row, Timeline, TimelineSvg};
pub use tree::Tree;
