//! The loop: look, draw, read a key. And the terminal before it and after.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use pleach::{runtime::StdTimer, time::Clock};
use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event},
};
use signal_hook::{consts::SIGTERM, flag};

use crate::{
    args::Settings,
    draw::draw,
    history::{Frame, History},
    panics::Panics,
    program::Running,
    view::{Pressed, View},
};

/// How long nobody looks whether a signal has come.
const SIGNALS: Duration = Duration::from_millis(100);

/// Shows the program until somebody has seen enough. Then the terminal is as it was, also after a panic of
/// whatever thread, or a signal. (Ctrl-C is a key here.)
pub(crate) fn show(running: &Running<'_>, settings: &Settings) -> io::Result<()> {
    let is_ended = Arc::new(AtomicBool::new(false));
    let signal = flag::register(SIGTERM, Arc::clone(&is_ended))?;
    let shown = ratatui::try_init().and_then(|mut terminal| {
        let panics = Panics::keep();
        let is_over = || is_ended.load(Relaxed) || running.is_over() || !panics.is_empty();
        let shown = watch(&mut terminal, running, settings, is_over);
        let restored = ratatui::try_restore();
        eprint!("{}", panics.take());
        restored.and(shown)
    });
    signal_hook::low_level::unregister(signal);
    shown
}

fn watch(
    terminal: &mut DefaultTerminal,
    running: &Running<'_>,
    settings: &Settings,
    is_over: impl Fn() -> bool,
) -> io::Result<()> {
    let mut history = History::new(StdTimer.now(), settings.stuck);
    let mut view = View::new();
    let mut frame = Frame::default();
    let mut next_look = Instant::now();
    while !is_over() {
        if Instant::now() >= next_look && !view.is_paused {
            frame = history.take(StdTimer.now(), running.look());
            view.follow(&frame);
            next_look = Instant::now() + settings.every;
        }
        terminal.draw(|screen| draw(screen, &frame, &view))?;
        let patience = match view.is_paused {
            true => SIGNALS,
            false => SIGNALS.min(next_look.saturating_duration_since(Instant::now())),
        };
        if event::poll(patience)?
            && let Event::Key(key) = event::read()?
            && key.is_press()
            && view.press(key, &frame) == Pressed::Quit
        {
            break;
        }
    }
    Ok(())
}
