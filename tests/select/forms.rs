//! What may be written in a `select!`.

use std::{
    cell::{Cell, RefCell},
    future::{pending, ready},
    pin::pin,
};

use pleach::{channel, select, select::optional};

use super::{block_on, now};

#[test]
fn the_value_is_that_of_the_handler() {
    block_on(async {
        let n = select! {
            n = ready(1) => n + 1,
            _ = pending::<()>() => 0,
        };
        assert_eq!(n, 2);
    });
}

#[test]
fn handlers_may_be_blocks_with_and_without_a_comma_and_the_last_needs_none() {
    block_on(async {
        for _ in 0..8 {
            select! {
                a = ready(1) => { assert_eq!(a, 1); }
                b = ready(2) => { assert_eq!(b, 2); },
                c = ready(3) => assert_eq!(c, 3)
            }
            select! {
                a = ready(1) => { assert_eq!(a, 1); }
            }
            select! { _ = ready(1) => (), }
        }
    });
}

#[test]
fn one_that_does_not_match_is_switched_off() {
    block_on(async {
        let what = select! {
            biased;
            Ok(n) = ready(Err::<u8, &str>("no")) => n,
            Some(n @ 3..) = ready(Some(2)) => n,
            (n, None | Some(())) = ready((7, Some(()))) => n,
            else => 0,
        };
        assert_eq!(what, 7);
        let what = select! {
            Ok(n) = ready(Err::<u8, &str>("no")) => n,
            Some(n @ 3..) = ready(Some(2)) => n,
            else => 9,
        };
        assert_eq!(what, 9);
    });
}

#[test]
fn an_arm_that_is_switched_off_is_not_polled_again() {
    let polls = Cell::new(0);
    let once = std::future::poll_fn(|_| {
        polls.set(polls.get() + 1);
        std::task::Poll::Ready(None::<u8>)
    });
    let mut select = pin!(async {
        select! {
            Some(n) = once => n,
            n = pending() => n,
        }
    });
    for _ in 0..5 {
        assert!(now(select.as_mut()).is_none());
    }
    assert_eq!(polls.get(), 1);
}

#[test]
fn what_does_not_match_is_dropped_and_what_does_is_moved() {
    block_on(async {
        let boxed = select! {
            Some(moved) = ready(Some(Box::new(5))) => moved,
            else => unreachable!(),
        };
        assert_eq!(*boxed, 5);
        let dropped = std::rc::Rc::new(());
        let given = std::rc::Rc::clone(&dropped);
        select! {
            Ok(()) = ready(Err::<(), _>(given)) => unreachable!(),
            else => assert_eq!(std::rc::Rc::strong_count(&dropped), 1),
        }
    });
}

#[test]
fn patterns_may_bind_by_reference_and_mutably() {
    block_on(async {
        select! {
            mut text = ready(String::from("a")) => { text.push('b'); assert_eq!(text, "ab"); }
        }
        select! {
            (ref mut a, ref b) = ready((1, String::from("x"))) => { *a += b.len(); assert_eq!(*a, 2); }
        }
        select! {
            whole @ [first, ..] = ready([1, 2]) => assert_eq!((whole, first), ([1, 2], 1)),
        }
    });
}

#[test]
fn a_guard_that_is_false_switches_its_arm_off_and_makes_no_future() {
    block_on(async {
        let none = None::<std::future::Ready<u8>>;
        let n = select! {
            n = none.clone().unwrap(), if none.is_some() => n,
            n = ready(2), if none.is_none() => n,
        };
        assert_eq!(n, 2);
        let n = select! {
            n = ready(1), if false => n,
            else => 3,
        };
        assert_eq!(n, 3);
    });
}

#[test]
fn an_optional_arm_is_as_a_nil_channel() {
    block_on(async {
        let (sender, receiver) = channel::bounded(1);
        let nil = None::<&channel::Receiver<u8>>;
        sender.try_send(4).unwrap();
        for other in [nil, Some(&receiver)] {
            let n = select! {
                Some(Ok(n)) = optional(other.map(|other| other.recv())) => n,
                else => 0,
            };
            assert_eq!(n, if other.is_some() { 4 } else { 0 });
        }
    });
}

#[test]
#[should_panic(expected = "no arm of this `select!` is left, and it has no `else`")]
fn without_else_it_panics_when_nothing_is_left() {
    block_on(async {
        select! {
            Some(n) = ready(None::<u8>) => assert_eq!(n, 1),
            n = ready(1), if false => assert_eq!(n, 1),
        }
    });
}

#[test]
fn control_flow_in_a_handler_is_that_around_it() {
    async fn question() -> Result<u8, &'static str> {
        loop {
            select! {
                biased;
                Some(()) = ready(None) => return Ok(1),
                result = ready(Err("asked")) => result?,
            }
        }
    }
    async fn returned() -> u8 {
        select! {
            n = ready(1) => return n,
            _ = pending::<()>() => {}
        }
        0
    }
    block_on(async {
        assert_eq!(question().await, Err("asked"));
        assert_eq!(returned().await, 1);
        let mut count = 0;
        let last = 'outer: loop {
            loop {
                count += 1;
                select! {
                    _ = ready(()), if count < 3 => continue,
                    _ = ready(()), if count == 3 => continue 'outer,
                    else => break 'outer count,
                }
            }
        };
        assert_eq!(last, 4);
        let awaited = select! {
            n = ready(1) => ready(n + 1).await,
        };
        assert_eq!(awaited, 2);
    });
}

#[test]
fn a_future_by_reference_lives_on() {
    block_on(async {
        let (sender, receiver) = channel::bounded(1);
        let mut message = pin!(receiver.recv());
        select! {
            biased;
            _ = &mut message => unreachable!(),
            _ = ready(()) => {}
        }
        sender.try_send(1).unwrap();
        assert_eq!(message.await, Ok(1));
    });
}

#[test]
fn a_select_in_a_select() {
    block_on(async {
        let n = select! {
            n = async { select! { n = ready(1) => n + 1, } } => select! {
                m = ready(n) => m + 1,
            },
        };
        assert_eq!(n, 3);
    });
}

#[test]
fn futures_may_borrow_temporaries_and_what_handlers_change() {
    block_on(async {
        let log = RefCell::new(Vec::new());
        let mut count = 0;
        async fn length(text: &str) -> usize {
            text.len()
        }
        select! {
            biased;
            n = length(&String::from("abc")) => { log.borrow_mut().push(n); count += n; }
            n = length(&format!("{count}")) => count = n,
        }
        assert_eq!((log.into_inner(), count), (vec![3], 3));
    });
}

#[test]
fn it_is_send_if_the_arms_are() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let (sender, receiver) = channel::bounded(1);
    let select = is_send(async move {
        select! {
            send(sender, 1) => 0,
            Ok(n) = receiver.recv() => n,
            else => 2,
        }
    });
    assert!(matches!(block_on(select), 0..2));
}

#[test]
fn twenty_arms() {
    block_on(async {
        let n = select! {
            n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
            n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
            n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
            n = pending() => n, n = pending() => n, n = pending() => n, n = pending() => n,
            n = pending() => n, n = pending() => n, n = pending() => n, n = ready(20) => n,
        };
        assert_eq!(n, 20);
    });
}

/// A macro whose `$crate` paths must not depend on what its user has named.
#[test]
fn names_around_it_do_not_disturb() {
    #[allow(dead_code, non_upper_case_globals)]
    mod shadows {
        pub(super) struct Some;
        pub(super) struct None;
        pub(super) fn drop(_: u8) {}
    }
    #[allow(unused_imports)]
    use shadows::{None, Some, drop};
    block_on(async {
        let won = 1;
        let output = 2;
        let sum = select! {
            later = ready(3) => won + output + later,
            std::option::Option::Some(permit) = pending() => permit,
        };
        assert_eq!(sum, 6);
    });
}
