//! What there is in a scope: feature `inspect`.

use core::panic::Location;

use super::{
    ChildId, Scope,
    child::{Child, Kind, UNSTARTED},
    ready::QUEUED,
};
use crate::sys::atomic::Ordering;

/// How many children one hold of the lock may look at. Few in the models, as with wakers.
const BATCH: usize = if cfg!(loom) { 2 } else { 16 };

/// What a child is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChildState {
    /// It was not polled yet: it is new, or the limit holds it back.
    Unstarted,
    /// It was woken, and is polled in the next pass.
    Ready,
    /// It is being polled.
    Running,
    /// It waits to be woken.
    Waiting,
}

/// What kind of child it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChildKind {
    /// From [`spawn`](Scope::spawn) and its kin.
    Regular,
    /// From [`spawn_daemon`](Scope::spawn_daemon).
    Daemon,
    /// From [`spawn_shielded`](Scope::spawn_shielded).
    Shielded,
}

/// What is known of a child: given to the closure of [`Scope::snapshot`].
#[derive(Clone, Copy, Debug)]
pub struct ChildInfo {
    id: ChildId,
    name: Option<&'static str>,
    site: &'static Location<'static>,
    state: ChildState,
    polls: usize,
    kind: ChildKind,
}

impl ChildInfo {
    /// Which child it is.
    #[must_use]
    pub fn id(&self) -> ChildId {
        self.id
    }

    /// What it was [named](super::Handle::named).
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// Where it was spawned.
    #[must_use]
    pub fn site(&self) -> &'static Location<'static> {
        self.site
    }

    /// What it is doing.
    #[must_use]
    pub fn state(&self) -> ChildState {
        self.state
    }

    /// How often it was polled.
    #[must_use]
    pub fn polls(&self) -> usize {
        self.polls
    }

    /// What kind of child it is.
    #[must_use]
    pub fn kind(&self) -> ChildKind {
        self.kind
    }

    /// `None` for what is no child of the user's.
    ///
    /// # Safety
    ///
    /// The child is linked and the lock of the registry is held.
    unsafe fn of(child: Child) -> Option<Self> {
        // SAFETY: a linked child is alive.
        let header = unsafe { child.header() };
        // Relaxed: it says what was so at some moment.
        let state = header.link.state.load(Ordering::Relaxed);
        let (polls, is_running) = header.card.notes().polls();
        Some(Self {
            id: header.card.id(),
            // SAFETY: the lock is held.
            name: unsafe { header.card.name() },
            site: header.card.site()?,
            state: match state {
                _ if is_running => ChildState::Running,
                _ if state & UNSTARTED != 0 => ChildState::Unstarted,
                _ if state & QUEUED != 0 => ChildState::Ready,
                _ => ChildState::Waiting,
            },
            polls,
            kind: match Kind::of(state) {
                Kind::Regular => ChildKind::Regular,
                Kind::Daemon => ChildKind::Daemon,
                Kind::Shielded => ChildKind::Shielded,
                Kind::Breaker => return None,
            },
        })
    }
}

impl<B, K> Scope<'_, B, K> {
    /// Calls `f` with what is known of each child, in the order in which they were spawned.
    ///
    /// For a look into a program that runs or hangs. It may be called from anywhere: the body, a
    /// child while it is polled, another thread, and while nobody polls the scope; it polls nothing
    /// and waits for nobody. `f` may do whatever it likes, spawn too: no lock is held meanwhile, and
    /// so children may have ended since they were looked at (a few of them at a time). A child that
    /// is there from the beginning of the call to its end is told once, one that is over before or
    /// spawned after not at all.
    ///
    /// Needs the feature `inspect`, by which each child is some 56 bytes larger. No allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// use pleach::scope::ChildState;
    ///
    /// pleach::scope!(|s| {
    ///     let named = s.spawn(async {}).named("short");
    ///     s.snapshot(|child| {
    ///         assert_eq!(child.id(), named.id());
    ///         assert_eq!(child.name(), Some("short"));
    ///         assert_eq!(child.site().file(), file!());
    ///         assert_eq!((child.state(), child.polls()), (ChildState::Unstarted, 0));
    ///     });
    /// })
    /// .await;
    /// # });
    /// ```
    pub fn snapshot(&self, mut f: impl FnMut(&ChildInfo)) {
        self.shared.registry.walk::<_, BATCH>(
            // SAFETY: linked, and the lock is held.
            |child| unsafe { ChildInfo::of(child) },
            |child| f(&child),
        );
    }
}
