//! What follows from the answers: which links are broken.

use std::collections::{BTreeSet, HashSet};

use percent_encoding::percent_decode_str;

use crate::{
    fault::Fault,
    report::{Broken, Report},
    site::{Answer, Entry, Id, Site},
};

impl Site {
    /// What there is to report, with what is known by now.
    pub(crate) fn report(&self) -> Report {
        let mut broken = Vec::new();
        for entry in self.entries() {
            for (fragment, pages) in &entry.links {
                let Some(fault) = self.fault(entry, fragment) else {
                    continue;
                };
                let target = match &**fragment {
                    "" => entry.url.to_string(),
                    fragment => format!("{}#{fragment}", entry.url),
                };
                broken.push(self.broken(target, fault, pages));
            }
        }
        for (text, pages) in &self.malformed {
            broken.push(self.broken(text.clone(), Fault::NoUrl, pages));
        }
        broken.sort();
        Report {
            broken,
            known: self.entries().len(),
            tally: self.tally,
        }
    }

    fn broken(&self, target: String, fault: Fault, pages: &BTreeSet<Id>) -> Broken {
        let mut pages: Vec<_> = pages.iter().map(|page| self.url_of(*page)).collect();
        pages.sort();
        Broken {
            target,
            fault: fault.to_string(),
            pages,
        }
    }

    fn url_of(&self, id: Id) -> String {
        self.get(id).url.to_string()
    }

    /// What is wrong with links to a URL that have this after the `#`; nothing if nothing is known
    /// to be.
    fn fault<'a>(&'a self, entry: &'a Entry, fragment: &str) -> Option<Fault> {
        let mut answer = entry.answer.as_ref();
        let mut seen = BTreeSet::new();
        while let Some(Answer::Redirect(to)) = answer {
            if !seen.insert(*to) {
                return Some(Fault::RedirectLoop);
            }
            if seen.len() > self.redirects() as usize {
                return Some(Fault::TooManyRedirects);
            }
            answer = self.get(*to).answer.as_ref();
        }
        match answer? {
            Answer::Wrong(fault) => Some(fault.clone()),
            Answer::Page(Some(anchors)) if !leads_to(fragment, anchors) => Some(Fault::NoAnchor),
            _ => None,
        }
    }
}

/// Whether a browser finds the place, or a script of the page that marks a range of lines: both
/// its ends are there then.
fn leads_to(fragment: &str, anchors: &HashSet<String>) -> bool {
    // What is behind this is for browsers: a text to look for.
    let fragment = fragment.split(":~:").next().unwrap_or_default();
    let decoded = percent_decode_str(fragment).decode_utf8_lossy();
    let is_there = |name: &str| anchors.contains(name);
    let is_range = |name: &str| {
        let range = name.split_once('-');
        range.is_some_and(|(from, to)| is_there(from) && is_there(to))
    };
    let is_top = fragment.is_empty() || decoded.eq_ignore_ascii_case("top");
    is_top || is_there(fragment) || is_there(&decoded) || is_range(&decoded)
}
