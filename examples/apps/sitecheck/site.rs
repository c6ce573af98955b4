//! What is known of each URL: who links to it, and what its host has answered.
//!
//! Each URL is asked for once, whoever links to it, and a redirect is an answer as others are. So
//! whether redirects go round in a circle is for the [verdict](crate::verdict), and the crawl only
//! has to end: a URL that is reached over too many redirects is not asked for, until it is reached
//! over fewer.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use url::{Position, Url};

use crate::{
    args::Options,
    fault::Fault,
    page::{Link, Page},
};

/// Which URL, in the order in which they were met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(usize);

pub(crate) struct Site {
    /// What the URLs of pages to be read begin with.
    root: String,
    redirects: u32,
    max_urls: usize,
    ids: HashMap<Arc<Url>, Id>,
    entries: Vec<Entry>,
    /// What was meant for a URL, and where.
    pub(crate) malformed: BTreeMap<String, BTreeSet<Id>>,
    pub(crate) tally: Tally,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// URLs that have been asked for and have answered, or have failed to.
    pub(crate) answered: usize,
    /// Pages that were read.
    pub(crate) pages: usize,
    /// Pages that were longer than what is read of one.
    pub(crate) cut: usize,
    /// Links with other schemes.
    pub(crate) not_http: usize,
    /// Links to URLs for which there was no room.
    pub(crate) beyond: usize,
}

pub(crate) struct Entry {
    pub(crate) url: Arc<Url>,
    pub(crate) answer: Option<Answer>,
    /// The pages that link to it, by what they have after the `#`.
    pub(crate) links: BTreeMap<String, BTreeSet<Id>>,
    /// Over so many redirects it was reached, at least.
    hops: u32,
    is_asked: bool,
}

pub(crate) enum Answer {
    There,
    /// A page with these anchors, if they are all known.
    Page(Option<HashSet<String>>),
    Redirect(Id),
    /// To where nothing is checked.
    RedirectElsewhere,
    Wrong(Fault),
}

/// A URL that is to be asked for.
pub(crate) struct Job {
    pub(crate) id: Id,
    pub(crate) url: Arc<Url>,
    /// It is to be read if it is a page.
    pub(crate) is_inside: bool,
}

impl Site {
    pub(crate) fn new(start: &Url, options: &Options) -> Self {
        let start = &start[..Position::AfterPath];
        let slash = start.rfind('/').expect("the URL of a host has one");
        Self {
            root: start[..=slash].to_owned(),
            redirects: options.redirects,
            max_urls: options.max_urls,
            ids: HashMap::new(),
            entries: Vec::new(),
            malformed: BTreeMap::new(),
            tally: Tally::default(),
        }
    }

    /// The URL to begin with. Nobody links to it.
    pub(crate) fn start(&mut self, url: &Url) -> Option<Job> {
        let (id, fragment) = self.enter(url)?;
        self.entry(id).links.entry(fragment).or_default();
        self.reach(id, 0)
    }

    /// A page was read: what is to be asked for because of that.
    pub(crate) fn read(&mut self, id: Id, page: Page, is_cut: bool) -> Vec<Job> {
        self.tally.pages += 1;
        self.tally.cut += usize::from(is_cut);
        self.answered(id, Answer::Page((!is_cut).then_some(page.anchors)));
        let links = page.links.into_iter();
        links.filter_map(|link| self.link(id, link)).collect()
    }

    /// It is elsewhere: what is to be asked for because of that.
    pub(crate) fn redirected(&mut self, id: Id, location: &str) -> Vec<Job> {
        let Ok(target) = self.entry(id).url.join(location) else {
            return self.answered(id, Answer::Wrong(Fault::RedirectToNowhere));
        };
        let Some((to, _)) = self.enter(&target) else {
            return self.answered(id, Answer::RedirectElsewhere);
        };
        self.answered(id, Answer::Redirect(to));
        let hops = self.entry(id).hops + 1;
        Vec::from_iter(self.reach(to, hops))
    }

    /// The answer is known, and nothing is to be asked for because of it.
    pub(crate) fn answered(&mut self, id: Id, answer: Answer) -> Vec<Job> {
        self.tally.answered += 1;
        self.entry(id).answer = Some(answer);
        Vec::new()
    }

    pub(crate) fn progress(&self) -> String {
        let (answered, known) = (self.tally.answered, self.entries.len());
        format!("{answered} of {known} URLs checked")
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn get(&self, id: Id) -> &Entry {
        &self.entries[id.0]
    }

    pub(crate) fn redirects(&self) -> u32 {
        self.redirects
    }

    fn entry(&mut self, id: Id) -> &mut Entry {
        &mut self.entries[id.0]
    }

    fn link(&mut self, from: Id, link: Link) -> Option<Job> {
        let target = match link {
            Link::To(url) => url,
            Link::Malformed(text) => {
                self.malformed.entry(text).or_default().insert(from);
                return None;
            }
        };
        let (id, fragment) = self.enter(&target)?;
        let pages = self.entry(id).links.entry(fragment).or_default();
        pages.insert(from);
        self.reach(id, 0)
    }

    /// The entry of a URL, made if there is none, and what it has after the `#`. Nothing if that
    /// is not to be checked.
    fn enter(&mut self, url: &Url) -> Option<(Id, String)> {
        if url.scheme() != "http" {
            self.tally.not_http += 1;
            return None;
        }
        let fragment = url.fragment().unwrap_or_default().to_owned();
        let mut url = url.clone();
        url.set_fragment(None);
        if let Some(id) = self.ids.get(&url) {
            return Some((*id, fragment));
        }
        if self.entries.len() == self.max_urls {
            self.tally.beyond += 1;
            return None;
        }
        let (id, url) = (Id(self.entries.len()), Arc::new(url));
        self.ids.insert(Arc::clone(&url), id);
        self.entries.push(Entry {
            url,
            answer: None,
            links: BTreeMap::new(),
            hops: u32::MAX,
            is_asked: false,
        });
        Some((id, fragment))
    }

    /// A URL is reached over so many redirects. It is to be asked for, or what it redirects to, if
    /// they were too many until now.
    fn reach(&mut self, mut id: Id, mut hops: u32) -> Option<Job> {
        loop {
            let most = self.redirects;
            let entry = self.entry(id);
            if hops >= entry.hops {
                return None;
            }
            entry.hops = hops;
            match entry.answer {
                Some(Answer::Redirect(to)) => (id, hops) = (to, hops + 1),
                _ if entry.is_asked || hops > most => return None,
                _ => break,
            }
        }
        let entry = self.entry(id);
        entry.is_asked = true;
        let url = Arc::clone(&entry.url);
        let is_inside = url.as_str().starts_with(&self.root);
        Some(Job { id, url, is_inside })
    }
}
