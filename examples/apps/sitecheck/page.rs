//! The links and the anchors of a page.

use std::collections::{BTreeSet, HashSet};

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use url::Url;

/// What a page says that is of interest here.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) links: BTreeSet<Link>,
    /// The places in it that a link can lead to.
    pub(crate) anchors: HashSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Link {
    To(Url),
    /// What was meant for a URL and is none.
    Malformed(String),
}

impl Page {
    /// Reads the page that was found at `url`. Malformed HTML is read as browsers do.
    pub(crate) fn parse(html: Vec<u8>, url: &Url) -> Self {
        let mut emitter = DefaultEmitter::default();
        // What is in a `<script>` is no HTML.
        emitter.naively_switch_states(true);
        let (text, mut base) = (text(html), url.clone());
        let mut page = Self::default();
        for Ok(token) in Tokenizer::new_with_emitter(&text, emitter) {
            let Token::StartTag(tag) = token else {
                continue;
            };
            if tag.name == b"base" {
                let given = attribute(&tag, "href").and_then(|href| url.join(&href).ok());
                base = given.unwrap_or(base);
            }
            page.anchors.extend(anchors(&tag));
            page.links.extend(target(&tag).map(|target| {
                let joined = base.join(&target);
                joined.map_or(Link::Malformed(target), Link::To)
            }));
        }
        page
    }
}

/// Text that is no UTF-8 is taken for Latin-1.
fn text(html: Vec<u8>) -> String {
    let latin1 = |error: std::string::FromUtf8Error| {
        let bytes = error.into_bytes();
        bytes.into_iter().map(char::from).collect()
    };
    String::from_utf8(html).unwrap_or_else(latin1)
}

fn anchors(tag: &StartTag<()>) -> impl Iterator<Item = String> {
    let name = match &**tag.name {
        b"a" => attribute(tag, "name"),
        _ => None,
    };
    attribute(tag, "id").into_iter().chain(name)
}

fn target(tag: &StartTag<()>) -> Option<String> {
    match &**tag.name {
        b"a" | b"area" => attribute(tag, "href"),
        b"img" | b"script" => attribute(tag, "src"),
        b"link" if !is_hint(tag) => attribute(tag, "href"),
        _ => None,
    }
}

/// Whether a `<link>` names a host to be prepared for, and nothing that is there.
fn is_hint(tag: &StartTag<()>) -> bool {
    attribute(tag, "rel").is_some_and(|rel| {
        rel.eq_ignore_ascii_case("preconnect") || rel.eq_ignore_ascii_case("dns-prefetch")
    })
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(value).into_owned())
}
