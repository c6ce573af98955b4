//! What is said of a node in every picture, and how it is escaped.

use core::{
    fmt::{self, Display, Write},
    panic::Location,
    time::Duration,
};

use crate::{
    cancel::Phase,
    inspect::{Node, NodeKind, Wait},
};

/// A duration as people say it: `120ms`, `3.2s`, `45s`, `5m 3s`, `2h 5m`, `3d 4h`.
pub(in crate::inspect) struct Age(pub(in crate::inspect) Duration);

impl Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        match seconds {
            0 if nanos == 0 => f.write_str("0s"),
            0 if nanos < 1000 => write!(f, "{nanos}ns"),
            0 if nanos < 1_000_000 => write!(f, "{}us", nanos / 1000),
            0 => write!(f, "{}ms", nanos / 1_000_000),
            1..10 if nanos >= 100_000_000 => write!(f, "{seconds}.{}s", nanos / 100_000_000),
            1..60 => write!(f, "{seconds}s"),
            60..3600 => two(f, seconds / 60, "m", seconds % 60, "s"),
            3600..86_400 => two(f, seconds / 3600, "h", seconds / 60 % 60, "m"),
            _ => two(f, seconds / 86_400, "d", seconds / 3600 % 24, "h"),
        }
    }
}

/// The second one only if there are any.
fn two(f: &mut fmt::Formatter<'_>, many: u64, of: &str, more: u64, of_these: &str) -> fmt::Result {
    write!(f, "{many}{of}")?;
    match more {
        0 => Ok(()),
        more => write!(f, " {more}{of_these}"),
    }
}

/// A place in the code, without the column.
pub(in crate::inspect) struct Site(pub(in crate::inspect) &'static Location<'static>);

impl Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place(f, self.0.file(), self.0.line())
    }
}

/// The same without the folders.
pub(super) struct ShortSite(pub(super) &'static Location<'static>);

impl Display for ShortSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.0.file();
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
        place(f, name, self.0.line())
    }
}

fn place(f: &mut fmt::Formatter<'_>, file: &str, line: u32) -> fmt::Result {
    f.write_str(file)?;
    f.write_str(":")?;
    line.fmt(f)
}

/// What it is called, and what it is if that is not the usual: `accept`, `flush (daemon)`, `scope`.
pub(in crate::inspect) struct Label<'a>(pub(in crate::inspect) &'a Node);

impl Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.0.kind();
        match self.0.name() {
            None => f.write_str(kind.name()),
            Some(name) if kind == NodeKind::Child => f.write_str(name),
            Some(name) => write!(f, "{name} ({})", kind.name()),
        }
    }
}

/// Since when it is to leave: `cancelled 5s ago`.
pub(super) struct Since<'a>(pub(super) &'a Node);

impl Display for Since<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.phase().name())?;
        match self.0.cancelled() {
            Some(time) => write!(f, " {} ago", Age(time)),
            None => Ok(()),
        }
    }
}

/// The same, and why: `cancelled 5s ago (it was asked for)`.
pub(super) struct Leaving<'a>(pub(super) &'a Node);

impl Leaving<'_> {
    pub(super) fn has_to(&self) -> bool {
        self.0.phase() != Phase::Running
    }
}

impl Display for Leaving<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Since(self.0))?;
        match self.0.cause() {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

/// Which of the parts that can be left out are said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    pub(super) ids: bool,
    pub(super) sites: bool,
    pub(super) waits: bool,
    pub(super) ages: bool,
}

impl Parts {
    pub(super) const ALL: Self = Self {
        ids: true,
        sites: true,
        waits: true,
        ages: true,
    };

    /// What text has, which is for people.
    pub(super) const TEXT: Self = Self {
        ids: false,
        ..Self::ALL
    };
}

/// All that is said of a node after its label, each part after a space or a comma.
struct Story<'a>(&'a Node, Parts);

impl Display for Story<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(node, parts) = *self;
        if parts.ids {
            after(f, " ", node.id())?;
        }
        if let (true, Some(site)) = (parts.sites, node.site()) {
            after(f, " ", Site(site))?;
        }
        let is_token = node.kind() == NodeKind::Token;
        if is_token {
            after(f, " ", Leaving(node))?;
        } else {
            f.write_str(" ")?;
            f.write_str(node.state().name())?;
        }
        if let (true, Some(age)) = (parts.ages, node.age()) {
            after(f, ", ", Age(age))?;
            f.write_str(" old")?;
        }
        if !is_token && Leaving(node).has_to() {
            after(f, ", ", Leaving(node))?;
        }
        if parts.waits {
            self.waits(f)?;
        }
        Ok(())
    }
}

impl Story<'_> {
    fn waits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(node, parts) = *self;
        for (i, wait) in node.waits().iter().enumerate() {
            after(f, if i == 0 { ": " } else { "; " }, Waiting(wait, parts))?;
        }
        match node.waits().more() {
            0 => Ok(()),
            more => write!(f, "; {more} more"),
        }
    }
}

/// Both; what `write!` does, but for what there are many of.
fn after(f: &mut fmt::Formatter<'_>, before: &str, what: impl Display) -> fmt::Result {
    f.write_str(before)?;
    what.fmt(f)
}

/// All that is said of it.
pub(super) struct Whole<'a>(pub(super) &'a Node, pub(super) Parts);

impl Display for Whole<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Label(self.0).fmt(f)?;
        Story(self.0, self.1).fmt(f)
    }
}

/// What it waits for, and for how long: `recv 3.2s`.
pub(super) struct Brief<'a>(pub(super) &'a Wait);

impl Display for Brief<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.what())?;
        match self.0.age() {
            Some(age) => after(f, " ", Age(age)),
            None => Ok(()),
        }
    }
}

/// `recv 3.2s at src/net.rs:44, of src/main.rs:20`.
pub(super) struct Waiting<'a>(pub(super) &'a Wait, pub(super) Parts);

impl Display for Waiting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(wait, parts) = *self;
        if parts.ages {
            Brief(wait).fmt(f)?;
        } else {
            f.write_str(wait.what())?;
        }
        if parts.sites {
            after(f, " at ", Site(wait.site()))?;
            if let Some(made) = wait.resource().site() {
                after(f, ", of ", Site(made))?;
            }
        }
        Ok(())
    }
}

/// What text is written into, and so what must not be in it as it is.
#[derive(Clone, Copy, Debug)]
pub(in crate::inspect) enum Dialect {
    /// A line of text, perhaps of a terminal.
    Line,
    /// A string in quotes, of graphviz: it knows escapes of its own, and entities as in HTML.
    Dot,
    /// A string in quotes, of JSON.
    Json,
    /// A text or an attribute in quotes, of XML: not every character may be in it at all.
    Xml,
}

/// What is written for a character.
enum Escape {
    Text(&'static str),
    /// By its number, in four hexadecimal digits.
    Number(u32),
}

impl Dialect {
    /// What stands for `c`, if it does not stand for itself.
    fn escape(self, c: char) -> Option<Escape> {
        Some(Escape::Text(match (self, c) {
            (Self::Dot | Self::Json, '"') => "\\\"",
            (Self::Dot | Self::Json, '\\') => "\\\\",
            // The last two end a line or a paragraph, and are no control characters.
            (Self::Line | Self::Json, c)
                if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') =>
            {
                return Some(Escape::Number(c.into()));
            }
            (Self::Dot | Self::Xml, '&') => "&amp;",
            (Self::Dot | Self::Xml, '<') => "&lt;",
            (Self::Dot | Self::Xml, '>') => "&gt;",
            (Self::Xml, '"') => "&quot;",
            (Self::Dot | Self::Xml, '\u{fffe}' | '\u{ffff}') => "\u{fffd}",
            (Self::Dot | Self::Xml, c) if c.is_control() => "\u{fffd}",
            _ => return None,
        }))
    }
}

impl Display for Escape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "\\u{number:04x}"),
        }
    }
}

/// Text, escaped.
pub(in crate::inspect) struct Escaped<T>(pub(in crate::inspect) Dialect, pub(in crate::inspect) T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            Escaper {
                dialect: self.0,
                out: f
            },
            "{}",
            self.1
        )
    }
}

struct Escaper<W> {
    dialect: Dialect,
    out: W,
}

impl<W: Write> Write for Escaper<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Most text has nothing of the kind, which is seen many bytes at a time.
        let is_special = |is, byte| is | may_be_special(byte);
        if !text.bytes().fold(false, is_special) {
            return self.out.write_str(text);
        }
        let mut written = 0;
        for (at, c) in text.char_indices() {
            if let Some(escape) = self.dialect.escape(c) {
                self.out.write_str(&text[written..at])?;
                write!(self.out, "{escape}")?;
                written = at + c.len_utf8();
            }
        }
        self.out.write_str(&text[written..])
    }
}

/// Whether it may be of a character that some dialect escapes.
const fn may_be_special(byte: u8) -> bool {
    !matches!(byte, b' '..b'\x7f') || matches!(byte, b'"' | b'\\' | b'&' | b'<' | b'>')
}

/// Text that ends with `…` if it has more than so many characters.
pub(super) struct Clipped<T>(pub(super) usize, pub(super) T);

impl<T: Display> Display for Clipped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut count = Count(0);
        write!(count, "{}", self.1)?;
        if count.0 <= self.0 {
            return write!(f, "{}", self.1);
        }
        let mut clip = Clip {
            left: self.0.saturating_sub(1),
            out: &mut *f,
        };
        write!(clip, "{}", self.1)?;
        f.write_char('…')
    }
}

/// Counts characters.
struct Count(usize);

impl Write for Count {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.chars().count();
        Ok(())
    }
}

/// Lets so many characters through.
struct Clip<W> {
    left: usize,
    out: W,
}

impl<W: Write> Write for Clip<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.char_indices().nth(self.left);
        let text = &text[..end.map_or(text.len(), |(at, _)| at)];
        self.left -= text.chars().count();
        self.out.write_str(text)
    }
}
