//! What a line says.

use std::borrow::Cow;

/// What was understood of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// To the second, as the line has it.
    pub(crate) time: String,
    /// A level, a status, or what else comes first.
    pub(crate) kind: String,
    /// Who it is about: a client, a program.
    pub(crate) source: String,
    pub(crate) text: String,
}

impl Record {
    /// Up to the hour.
    pub(crate) fn hour(&self) -> &str {
        self.time
            .find(':')
            .map_or(&self.time, |colon| &self.time[..colon])
    }

    /// The line of a table. Tabs and such in it are shown as blanks.
    pub(crate) fn render(&self) -> String {
        let fields = [&self.time, &self.kind, &self.source, &self.text];
        let clean = fields.map(|field| field.replace(|c: char| c.is_control(), " "));
        clean.join("\t") + "\n"
    }
}

/// `None` if it is in none of the formats.
pub(crate) fn parse(line: &[u8]) -> Option<Record> {
    let line: Cow<'_, str> = String::from_utf8_lossy(line);
    let line = line.trim_end();
    access(line)
        .or_else(|| dated(line))
        .or_else(|| syslog(line))
}

/// `CLIENT - USER [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326 ..`: the common and the
/// combined log format.
fn access(line: &str) -> Option<Record> {
    let (client, rest) = line.split_once(' ')?;
    let (_, rest) = rest.split_once(" [")?;
    let (time, rest) = rest.split_once("] \"")?;
    let (request, rest) = rest.split_once("\" ")?;
    let status = rest.split(' ').next()?;
    if status.len() != 3 || !is_number(status) {
        return None;
    }
    let (date, time) = time.split_once(':')?;
    let time = time.split(' ').next()?;
    let mut date = date.split('/');
    let (day, month, year) = (date.next()?, date.next()?, date.next()?);
    let month = month_number(month)?;
    Some(Record {
        time: format!("{year}-{month:02}-{day} {time}"),
        kind: status.to_owned(),
        source: client.to_owned(),
        text: request.to_owned(),
    })
}

/// `2026-11-25T13:55:36.5Z INFO [program] text` or `2026-11-25 13:55:36 word text`.
fn dated(line: &str) -> Option<Record> {
    let (date, rest) = line.split_at_checked(10)?;
    let is_date = date.bytes().enumerate().all(|(n, byte)| match n {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if !is_date {
        return None;
    }
    let rest = rest.strip_prefix(['T', ' '])?;
    let (time, rest) = rest.split_once(' ')?;
    let time = clock(time)?;
    let (kind, text) = rest.trim_start().split_once(' ').unwrap_or((rest, ""));
    let kind = kind.trim_matches(|c: char| !c.is_alphanumeric());
    let source = text.split(' ').next().unwrap_or_default();
    Some(Record {
        time: format!("{date} {time}"),
        kind: kind.to_owned(),
        source: source.trim_matches(['[', ']', ':']).to_owned(),
        text: text.to_owned(),
    })
}

/// `Nov 25 13:55:36 host program[123]: text`.
fn syslog(line: &str) -> Option<Record> {
    let (month, rest) = line.split_once(' ')?;
    month_number(month)?;
    let (day, rest) = rest.trim_start().split_once(' ')?;
    let (time, rest) = rest.split_once(' ')?;
    let (_host, rest) = rest.split_once(' ')?;
    let (tag, text) = rest
        .split_once(": ")
        .or_else(|| Some((rest.strip_suffix(':')?, "")))?;
    let program = tag.split('[').next()?;
    if !is_number(day) || program.contains(' ') {
        return None;
    }
    Some(Record {
        time: format!("{month} {day:0>2} {}", clock(time)?),
        kind: level(text).to_owned(),
        source: program.to_owned(),
        text: text.to_owned(),
    })
}

/// `13:55:36` of a time that may have more to it.
fn clock(time: &str) -> Option<&str> {
    let time = time.get(..8)?;
    let is_time = time.bytes().enumerate().all(|(n, byte)| match n {
        2 | 5 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    is_time.then_some(time)
}

/// Syslog's lines have no level, but many programs write one.
fn level(text: &str) -> &'static str {
    const LEVELS: [(&str, &str); 5] = [
        ("fatal", "fatal"),
        ("error", "error"),
        ("fail", "error"),
        ("warn", "warning"),
        ("debug", "debug"),
    ];
    let text = text.to_ascii_lowercase();
    let found = LEVELS.iter().find(|(word, _)| text.contains(word));
    found.map_or("info", |(_, level)| level)
}

fn month_number(name: &str) -> Option<usize> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    MONTHS
        .iter()
        .position(|month| *month == name)
        .map(|n| n + 1)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
