//! `select!`, and the helpers that take it apart.

/// Waits for several futures at once, and runs the handler of the first that is ready.
///
/// The other futures are dropped *before* the handler runs, so that a handler may use the same
/// channels. All of pleach's futures are cancel-safe: those that lose leave no trace, and what they
/// waited for is still there. (What is given away with its future goes with it: the message of a
/// [`send`](crate::channel::SendEnd::send), a oneshot's receiver that is not given as
/// `&mut receiver`.)
///
/// ```text
/// select! {
///     biased;                                // optional
///     pattern = future => handler,           // up to 30 arms or so
///     pattern = future, if guard => handler,
///     send(sender, message) => handler,      // may have a guard, too
///     else => handler,                       // optional, the last: `else` or `default`
/// }
/// ```
///
/// * It is an expression; its value is that of the handler. Handlers are ordinary code around which
///   there is nothing: `?`, `return`, `break` and `await` do in them what they do outside. (So
///   `select!` itself awaits, and belongs in an `async` function or block.)
/// * **Fair.** Polling begins at an arm that is drawn anew each time, without a thread-local: among
///   arms that are ready, each has at least its share of one in the number of arms.
///   After **`biased;`** it begins with the first, always.
/// * **A pattern** that may fail to match, as in `Ok(message) = receiver.recv()`, switches its arm
///   off when it does; the others go on. What the future gave is dropped then: `Ok(1) = ..` loses a
///   message that is a 2.
/// * **A guard** is evaluated once, when the `select!` begins. If it is false the future is not even
///   made. An arm that there may be, like a nil channel in Go, is
///   [`optional`](crate::select::optional).
/// * **`send(sender, message)`** waits for room in a channel and then sends. The expression
///   `message` is evaluated only when there is room: an arm that loses has not touched it.
///   Either this arm has an effect or another one, never both, which cannot be said of
///   `_ = sender.send(message)`: that send may have been done although the arm lost. If the channel
///   is closed, the arm is switched off. (If the last receiver goes between that room and the send,
///   the message is dropped, as those in the channel are. Both ends of one rendezvous channel as arms may meet each
///   other: then the message stays in the channel for the next receiver.)
/// * **`else`** runs when all arms are switched off.
/// * **`default`** makes it a `select!` that does not wait: it runs when no arm is ready now. There
///   is nothing to await then, and it may stand outside of `async` code. "Now" is one moment for
///   all arms: see the [module](mod@crate::select).
/// * A **timeout** is an arm: [`sleep`](crate::time::sleep), or any runtime's. So is a
///   [token](crate::cancel).
///
/// `sender`, and the future of an arm with a guard, may not borrow from a temporary: a `let` before
/// the `select!` keeps it. (The compiler says `temporary value dropped while borrowed`.) Beyond some
/// 30 arms it needs `#![recursion_limit = "256"]`.
///
/// The futures need not be `Unpin`, nor fused. One that is to live on when it loses is given as
/// `&mut future`, pinned if it is not `Unpin`. Nothing is allocated, no `std` is needed.
///
/// # Panics
///
/// If all arms are switched off and there is neither `else` nor `default`.
///
/// # Examples
///
/// ```
/// use pleach::{channel, select};
///
/// # pleach::block_on(async {
/// let (orders, received) = channel::bounded(4);
/// let (alarm, alarms) = channel::bounded::<&str>(1);
/// orders.send(7).await.unwrap();
/// let what = select! {
///     Ok(order) = received.recv() => format!("order {order}"),
///     Ok(reason) = alarms.recv() => reason.to_string(),
///     else => "both are closed".to_string(),
/// };
/// assert_eq!(what, "order 7");
///
/// // Now or never, with a message to send:
/// select! {
///     send(alarm, "fire") => {}
///     default => panic!("there is room"),
/// }
/// assert_eq!(alarms.recv().await, Ok("fire"));
/// # });
/// ```
///
/// A loop over what comes from two sides, until both are closed:
///
/// ```
/// use pleach::{channel, scope, select};
///
/// # pleach::block_on(async {
/// let (left, lefts) = channel::bounded(1);
/// let (right, rights) = channel::bounded(1);
/// let sum = scope!(|s| {
///     s.spawn(async move { left.send(1).await });
///     s.spawn(async move { right.send(20).await });
///     let mut sum = 0;
///     loop {
///         select! {
///             Ok(n) = lefts.recv() => sum += n,
///             Ok(n) = rights.recv() => sum += n,
///             else => break sum,
///         }
///     }
/// })
/// .await;
/// assert_eq!(sum, 21);
/// # });
/// ```
#[macro_export]
macro_rules! select {
    (biased; $($arms:tt)+) => {
        $crate::__select_parse!(($crate::__macros::None) [] $($arms)+)
    };
    ($($arms:tt)+) => {
        $crate::__select_parse!(({
            static ROTATION: $crate::__macros::Rotation = $crate::__macros::Rotation::new();
            $crate::__macros::Some(&ROTATION)
        }) [] $($arms)+)
    };
}

/// Reads one arm after the other into `[(pattern) (future, or nothing) (handler)]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __select_parse {
    ($start:tt $arms:tt) => {
        $crate::__select_parse!($start $arms else => $crate::__macros::none_left())
    };
    ($start:tt $arms:tt else => $handler:expr $(,)?) => {{
        let (winner, won) =
            $crate::__macros::select($start, $crate::__select_arms!($arms)).await;
        $crate::__select_handle!(winner won $arms $handler)
    }};
    ($start:tt $arms:tt default => $handler:expr $(,)?) => {{
        let (winner, won) =
            $crate::__macros::select_now($start, $crate::__select_arms!($arms));
        $crate::__select_handle!(winner won $arms $handler)
    }};

    // A handler that is a block needs no comma.
    ($start:tt $arms:tt send($sender:expr, $message:expr) $(, if $guard:expr)? => $handler:block, $($rest:tt)*) => {
        $crate::__select_add!(@send $start $arms ($sender, $message) ($($guard)?) ($handler) $($rest)*)
    };
    ($start:tt $arms:tt send($sender:expr, $message:expr) $(, if $guard:expr)? => $handler:block $($rest:tt)*) => {
        $crate::__select_add!(@send $start $arms ($sender, $message) ($($guard)?) ($handler) $($rest)*)
    };
    ($start:tt $arms:tt send($sender:expr, $message:expr) $(, if $guard:expr)? => $handler:expr, $($rest:tt)*) => {
        $crate::__select_add!(@send $start $arms ($sender, $message) ($($guard)?) ($handler) $($rest)*)
    };
    ($start:tt $arms:tt send($sender:expr, $message:expr) $(, if $guard:expr)? => $handler:expr) => {
        $crate::__select_add!(@send $start $arms ($sender, $message) ($($guard)?) ($handler))
    };

    ($start:tt $arms:tt $pattern:pat = $future:expr $(, if $guard:expr)? => $handler:block, $($rest:tt)*) => {
        $crate::__select_add!(@arm $start $arms ($pattern) ($future) ($($guard)?) ($handler) $($rest)*)
    };
    ($start:tt $arms:tt $pattern:pat = $future:expr $(, if $guard:expr)? => $handler:block $($rest:tt)*) => {
        $crate::__select_add!(@arm $start $arms ($pattern) ($future) ($($guard)?) ($handler) $($rest)*)
    };
    ($start:tt $arms:tt $pattern:pat = $future:expr $(, if $guard:expr)? => $handler:expr, $($rest:tt)*) => {
        $crate::__select_add!(@arm $start $arms ($pattern) ($future) ($($guard)?) ($handler) $($rest)*)
    };
    ($start:tt $arms:tt $pattern:pat = $future:expr $(, if $guard:expr)? => $handler:expr) => {
        $crate::__select_add!(@arm $start $arms ($pattern) ($future) ($($guard)?) ($handler))
    };
}

/// Adds what was read to the list, and goes on with the rest.
#[doc(hidden)]
#[macro_export]
macro_rules! __select_add {
    (@send $start:tt $arms:tt ($sender:expr, $message:expr) $guard:tt $handler:tt $($rest:tt)*) => {
        $crate::__select_add!(@arm $start $arms
            (send $message) ($sender.reserve()) $guard $handler $($rest)*)
    };
    (@arm $start:tt [$($arms:tt)*] $pattern:tt ($future:expr) () $handler:tt $($rest:tt)*) => {
        $crate::__select_parse!($start
            [$($arms)* [$pattern ($crate::__macros::Some($future)) $handler]] $($rest)*)
    };
    (@arm $start:tt [$($arms:tt)*] $pattern:tt ($future:expr) ($guard:expr) $handler:tt $($rest:tt)*) => {
        $crate::__select_parse!($start
            [$($arms)* [
                $pattern
                (if $guard { $crate::__macros::Some($future) } else { $crate::__macros::None })
                $handler
            ]] $($rest)*)
    };
}

/// The list of the arms.
#[doc(hidden)]
#[macro_export]
macro_rules! __select_arms {
    ([]) => { $crate::__macros::Nil };
    ([[(send $message:expr) ($future:expr) $handler:tt] $($rest:tt)*]) => {
        $crate::__macros::Cons::new(
            $crate::__macros::Guarded::new($future, $crate::__macros::has_room),
            $crate::__select_arms!([$($rest)*]),
        )
    };
    ([[($pattern:pat) ($future:expr) $handler:tt] $($rest:tt)*]) => {
        $crate::__macros::Cons::new(
            $crate::__macros::Guarded::new($future, #[allow(unused_mut)] |mut output| {
                let mut is_taken = false;
                // The guard is reached if the pattern matches, and moves nothing out of `output`.
                #[allow(
                    unused_variables, unused_assignments, unused_mut, unreachable_code,
                    unreachable_patterns
                )]
                match output {
                    $pattern if { is_taken = true; false } => $crate::__macros::unreachable!(),
                    _ => {}
                }
                if is_taken { $crate::__macros::Some(output) } else { $crate::__macros::None }
            }),
            $crate::__select_arms!([$($rest)*]),
        )
    };
}

/// Runs the handler of the arm that won.
///
/// `won` is moved as a whole at each step: what was moved in part, or borrowed, would live on for
/// the compiler, with the outputs of all arms, until the handler has ended.
#[doc(hidden)]
#[macro_export]
macro_rules! __select_handle {
    ($winner:ident $won:ident [$($arms:tt)*] $otherwise:expr) => {
        match $winner {
            $crate::__macros::Some(winner) => {
                let won = $crate::__macros::some($won);
                $crate::__select_handle!(@arms winner won $($arms)*)
            }
            $crate::__macros::None => {
                $crate::__macros::none($won);
                $otherwise
            }
        }
    };
    (@arms $winner:ident $won:ident) => {{
        let _ = $winner;
        match $won {}
    }};
    (@arms $winner:ident $won:ident [$pattern:tt $future:tt $handler:tt]) => {{
        let _ = $winner;
        #[allow(unused_mut)]
        let mut output = $won.this();
        $crate::__select_handle!(@output output $pattern $handler)
    }};
    (@arms $winner:ident $won:ident [$pattern:tt $future:tt $handler:tt] $($rest:tt)+) => {
        if $winner == 0 {
            #[allow(unused_mut)]
            let mut output = $won.this();
            $crate::__select_handle!(@output output $pattern $handler)
        } else {
            let (winner, won) = ($winner - 1, $won.later());
            $crate::__select_handle!(@arms winner won $($rest)+)
        }
    };
    (@output $output:ident (send $message:expr) ($handler:expr)) => {{
        $crate::__macros::send($output, $message);
        $handler
    }};
    (@output $output:ident ($pattern:pat) ($handler:expr)) => {
        #[allow(unreachable_patterns)]
        match $output {
            $pattern => $handler,
            _ => $crate::__macros::unreachable!(),
        }
    };
}
