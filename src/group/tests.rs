//! Numbers of children, where there are more of them than numbers.

use std::{
    future::{Ready, ready},
    ops::{ControlFlow, Range},
    task::{Context, Poll, Waker},
};

use super::{
    counted::Counted,
    hub::{Hub, HubRef},
    pass::{Host, Passes},
    shared::Shared,
};

struct Results(Range<u8>, HubRef<Ready<u8>>);

impl Host<Ready<u8>> for Results {
    fn next(&mut self, _running: usize) -> Option<Ready<u8>> {
        self.0.next().map(ready)
    }

    fn done(&mut self, index: usize, output: u8) -> ControlFlow<()> {
        assert_eq!(self.1.put(index, output), None);
        ControlFlow::Continue(())
    }

    fn body(&mut self) -> ControlFlow<()> {
        unreachable!("there is no body")
    }
}

#[test]
fn results_stay_in_order_when_the_numbers_of_children_come_round() {
    let hub = Hub::new(Counted::new(Shared::new()));
    hub.begin_reading(Some(usize::MAX - 1));
    let mut passes = Passes::new(hub.shared().clone());
    passes.started = usize::MAX - 1;
    assert!(passes.pass(&mut Results(0..4, hub.clone())).is_continue());
    let cx = Context::from_waker(Waker::noop());
    for n in 0..4 {
        assert_eq!(hub.poll_take(&cx), Poll::Ready(Some(n)));
    }
    assert!(hub.poll_take(&cx).is_pending());
}
