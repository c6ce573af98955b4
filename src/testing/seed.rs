//! What a run is repeated by, and where its choices come from.
//!
//! Everything that could go one way or another in a simulation is a *choice*: a number below another
//! one. A seed draws them. A path lists them; what comes after its end is zero, so a path that ends early
//! still says everything.

use alloc::{string::String, vec::Vec};
use core::{fmt, str::FromStr};

use super::Rng;

/// What a run is repeated by: a number that all choices are drawn from, or the choices themselves.
///
/// Its text, such as `17` or `path:0.2.1`, is what the variable `PLEACH_SEED` takes.
///
/// # Examples
///
/// ```
/// use pleach::testing::Seed;
///
/// let seed: Seed = "17".parse().unwrap();
/// assert_eq!(seed, Seed::from(17));
/// assert!("seventeen".parse::<Seed>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed(Kind);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Number(u64),
    Path(Vec<usize>),
}

/// The text was no seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseSeedError(String);

const PATH: &str = "path:";

impl Seed {
    /// For what is random beside the schedule.
    pub(super) const fn number(&self) -> u64 {
        match self.0 {
            Kind::Number(number) => number,
            Kind::Path(_) => 0,
        }
    }
}

impl From<u64> for Seed {
    fn from(number: u64) -> Self {
        Self(Kind::Number(number))
    }
}

impl FromStr for Seed {
    type Err = ParseSeedError;

    fn from_str(text: &str) -> Result<Self, ParseSeedError> {
        let error = |_| ParseSeedError(text.into());
        let Some(path) = text.strip_prefix(PATH) else {
            return text.parse().map(Kind::Number).map(Self).map_err(error);
        };
        let steps = path.split('.').filter(|step| !step.is_empty());
        let path: Result<_, _> = steps.map(str::parse).collect();
        path.map(Kind::Path).map(Self).map_err(error)
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match &self.0 {
            Kind::Number(number) => return number.fmt(f),
            Kind::Path(path) => path,
        };
        f.write_str(PATH)?;
        for (at, step) in path.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            write!(f, "{dot}{step}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ParseSeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(
            f,
            "{text:?} is no seed: it is a number, or `{PATH}` and numbers with dots between them"
        )
    }
}

impl core::error::Error for ParseSeedError {}

/// Where the choices of one run come from, and which they were.
pub(super) struct Choices {
    source: Source,
    fingerprint: u64,
}

enum Source {
    Drawn(Rng),
    Listed {
        path: Path,
        /// How many of its choices have been made.
        made: usize,
    },
}

/// Choices in the order in which they are made: what was taken, and of how many, if that is known.
#[derive(Clone, Default)]
pub(super) struct Path(Vec<(usize, Option<usize>)>);

impl Choices {
    pub(super) fn new(seed: &Seed) -> Self {
        match &seed.0 {
            Kind::Number(number) => Self::from_source(Source::Drawn(Rng::new(*number))),
            Kind::Path(path) => Self::along(Path(path.iter().map(|step| (*step, None)).collect())),
        }
    }

    pub(super) const fn along(path: Path) -> Self {
        Self::from_source(Source::Listed { path, made: 0 })
    }

    const fn from_source(source: Source) -> Self {
        Self {
            source,
            fingerprint: 0,
        }
    }

    /// A number below `of`. What leaves no choice is none.
    pub(super) fn choose(&mut self, of: usize) -> usize {
        if of <= 1 {
            return 0;
        }
        let taken = match &mut self.source {
            Source::Drawn(rng) => rng.below(of),
            Source::Listed { path, made } => path.choose(made, of),
        };
        // FNV-1a, over whole words.
        for word in [of, taken] {
            self.fingerprint = (self.fingerprint ^ word as u64).wrapping_mul(0x0100_0000_01b3);
        }
        taken
    }

    /// Whether it is the one of so many; where choices are listed, one of two.
    pub(super) fn one_in(&mut self, of: usize) -> bool {
        match self.source {
            Source::Drawn(_) => self.choose(of) == 1 % of,
            Source::Listed { .. } => self.choose(of.min(2)) == 1 % of,
        }
    }

    /// Tells the choices that were made from others.
    pub(super) const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The choices that were made, if they were along a path.
    pub(super) fn into_path(self) -> Path {
        match self.source {
            Source::Listed { path, .. } => path,
            Source::Drawn(_) => Path::default(),
        }
    }
}

impl Path {
    fn choose(&mut self, made: &mut usize, of: usize) -> usize {
        let at = *made;
        *made += 1;
        let Some((taken, known)) = self.0.get_mut(at) else {
            self.0.push((0, Some(of)));
            return 0;
        };
        let known = *known.get_or_insert(of);
        assert!(
            known == of && *taken < of,
            "the run is not the one that the path is of: at choice {at} there are {of} ways, not {known}; \
             something in it is not by the simulation: threads, the time, a random order of a map"
        );
        *taken
    }

    /// The next path, depth first; `None` if this was the last one.
    pub(super) fn next(mut self) -> Option<Self> {
        loop {
            let (taken, of) = self.0.pop()?;
            if of.is_some_and(|of| taken + 1 < of) {
                self.0.push((taken + 1, of));
                return Some(self);
            }
        }
    }

    pub(super) fn seed(&self) -> Seed {
        let taken = self.0.iter().map(|(taken, _)| *taken);
        let mut path: Vec<_> = taken.collect();
        while path.last() == Some(&0) {
            path.pop();
        }
        Seed(Kind::Path(path))
    }
}
