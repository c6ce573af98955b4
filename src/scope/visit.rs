//! A scope as what can be looked at: feature `inspect`.

use super::{Scope, registry::BranchRef};
use crate::inspect::{Inspect, Node};

impl<B, K> Scope<'_, B, K> {
    fn branch(&self) -> BranchRef {
        // SAFETY: this holds a count; the pointer is that of the block.
        unsafe { BranchRef::of(self.shared.branch_ptr()) }
    }
}

/// The scope with its body, its children, and the scopes and groups that are run in these.
///
/// One that is run in a child, or in a body, is found if it is polled with the child's own waker: by
/// an `async` block, `select!`, `join` and whatever else hands on the waker that it was given. (What
/// polls with wakers of its own, such as `FuturesUnordered`, hides it: it is then one to be looked at by
/// itself.) It hangs where it was polled first, or, if it was moved to another child of the same tree,
/// where it was polled last (at the latest when nobody looks any more).
///
/// # Examples
///
/// ```
/// # pleach::block_on(async {
/// use pleach::inspect::{Inspect, NodeKind, State};
///
/// pleach::scope!(named = "server", |s| {
///     s.spawn(async {}).named("short");
///     let mut told = Vec::new();
///     s.visit(&mut |node| told.push((node.kind(), node.name(), node.state())));
///     assert_eq!(
///         told,
///         [
///             (NodeKind::Scope, Some("server"), State::Running),
///             (NodeKind::Child, Some("short"), State::Unstarted),
///         ]
///     );
///     assert_eq!(s.live(), 1);
/// })
/// .await;
/// # });
/// ```
impl<B, K> Inspect for Scope<'_, B, K> {
    fn visit(&self, each: &mut dyn FnMut(&Node)) {
        self.branch().visit(each);
    }

    fn live(&self) -> usize {
        self.branch().live()
    }
}
