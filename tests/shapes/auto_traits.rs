//! What is `Send`, `Sync` and `Unpin`. That the rest is not is held by `compile_fail`.

use super::*;

fn send<T: Send>() {}
fn sync<T: Sync>() {}
fn unpin<T: Unpin>() {}

type Body = std::future::Ready<()>;
type NotSend = Rc<()>;

#[test]
fn the_parts_of_a_threaded_scope_move_between_threads() {
    send::<Scope<'_>>();
    sync::<Scope<'_>>();
    // An error type counts only when a child or a body yields it.
    send::<Scope<'_, NotSend>>();
    sync::<Scope<'_, NotSend>>();
    send::<Driver<'_>>();
    send::<Driver<'_, NotSend>>();
    send::<Run<'_, Body>>();
    send::<RunTry<'_, Boxed<'_, Result<(), ()>>, (), ()>>();
    send::<Threaded>();
    sync::<Threaded>();
}

#[test]
fn a_handle_is_what_its_output_is_and_sync_whatever_that_is() {
    send::<Handle<u8>>();
    send::<Handle<Cell<u8>>>();
    sync::<Handle<Cell<u8>>>();
    send::<Cancelled>();
    sync::<Cancelled>();
    send::<Refused<Body>>();
    sync::<Refused<Body>>();
}

#[test]
fn all_but_the_futures_of_a_scope_are_unpin() {
    unpin::<Scope<'_>>();
    unpin::<Driver<'_>>();
    unpin::<local::Scope<'_>>();
    unpin::<local::Driver<'_>>();
    unpin::<Handle<std::marker::PhantomPinned>>();
    // These are where their body is.
    unpin::<Run<'_, Body>>();
}

/// Implemented twice for what is `Unpin`, so that `holds` is ambiguous there and does not
/// compile. (The compiler's account of it would quote half of the crate.)
trait NotUnpin<Marker> {
    fn holds() {}
}

impl<T> NotUnpin<()> for T {}
impl<T: Unpin> NotUnpin<u8> for T {}

#[test]
fn the_future_of_a_scope_with_a_pinned_body_is_not_unpin() {
    struct Pinned(std::marker::PhantomPinned);
    impl Future for Pinned {
        type Output = Result<(), ()>;

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
            let Self(_) = &*self;
            Poll::Ready(Ok(()))
        }
    }
    <Run<'_, Pinned> as NotUnpin<_>>::holds();
    <RunTry<'_, Pinned, (), ()> as NotUnpin<_>>::holds();
    <Acquire<'_> as NotUnpin<_>>::holds();
    <pleach::Wait<'_> as NotUnpin<_>>::holds();
    <pleach::barrier::Wait<'_> as NotUnpin<_>>::holds();
    let (driver, _s) = pleach::scope::scope();
    let run = driver.run(Pinned(std::marker::PhantomPinned));
    assert_eq!(block_on(run), Ok(()));
}

#[test]
fn a_semaphores_futures_and_permits_move_between_threads() {
    send::<Semaphore>();
    sync::<Semaphore>();
    unpin::<Semaphore>();
    send::<Acquire<'_>>();
    sync::<Acquire<'_>>();
    send::<Permit<'_>>();
    sync::<Permit<'_>>();
    unpin::<Permit<'_>>();
}

#[test]
fn what_tasks_tell_each_other_by_moves_between_threads() {
    send::<pleach::Event>();
    sync::<pleach::Event>();
    send::<pleach::Latch>();
    sync::<pleach::Latch>();
    send::<pleach::WaitGroup>();
    sync::<pleach::WaitGroup>();
    send::<pleach::Member<'_>>();
    sync::<pleach::Member<'_>>();
    send::<pleach::OwnedMember>();
    sync::<pleach::OwnedMember>();
    send::<pleach::Barrier>();
    sync::<pleach::Barrier>();
    send::<pleach::Wait<'_>>();
    sync::<pleach::Wait<'_>>();
    send::<pleach::barrier::Wait<'_>>();
    sync::<pleach::barrier::Wait<'_>>();
    send::<pleach::BarrierResult>();
}
