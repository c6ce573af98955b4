"""What `ci/mutants` takes out, and which models must notice."""

from typing import NamedTuple


class Guard(NamedTuple):
    """`old`, which must occur exactly once in `file`, becomes `new`."""

    file: str
    what: str
    old: str
    new: str


# Which models guard which files: (path prefix, modules of them, each with the feature
# that it is built with, if any). The first match counts, and a source file with a mutant and no
# row is an error.
MODELS = [
    ("src/wait/waker.rs", ["waker"]),
    ("src/wait/countdown.rs", ["event", "latch", "wait_group"]),
    ("src/wait/queue.rs", ["event", "barrier", "cancel", "cancel_ends", "cancel_island"]),
    ("src/wait/", ["list", "semaphore", "cancel"]),
    ("src/cancel/link.rs", ["cancel_island"]),
    ("src/cancel/bind.rs", ["cancel_callback"]),
    ("src/inspect/waits.rs", ["inspect_notes+inspect"]),
    ("src/inspect/ties.rs", ["inspect_notes+inspect"]),
    ("src/cancel/visit.rs", ["inspect_tokens+inspect"]),
    ("src/cancel/callback.rs", ["cancel_callback"]),
    ("src/cancel", ["cancel", "cancel_ends", "cancel_callback", "cancel_island"]),
    ("src/time", ["time"]),
    ("src/semaphore", ["semaphore", "semaphore_limit", "semaphore_bypass", "semaphore_blocking"]),
    ("src/event.rs", ["event"]),
    ("src/latch.rs", ["latch"]),
    ("src/wait_group", ["wait_group"]),
    ("src/barrier.rs", ["barrier"]),
    ("src/channel", ["channel"]),
    ("src/select", ["select"]),
    ("src/oneshot", ["oneshot"]),
    ("src/watch", ["watch"]),
    ("src/sys/lock.rs", ["lock"]),
    ("src/sys/lock_only.rs", ["semaphore+lock-only", "scope_handle+lock-only"]),
    ("src/sys/park.rs", ["semaphore_blocking"]),
    ("src/group", ["group"]),
    ("src/par/desk.rs", ["par_futures"]),
    ("src/par", ["par", "par_futures"]),
    ("src/scope/crew.rs", ["par", "par_futures"]),
    ("src/scope/held.rs", ["par"]),
    ("src/scope/limit.rs", ["scope", "scope_handle", "scope_features", "par"]),
    ("src/scope/stop.rs", ["scope_token"]),
    ("src/inspect/observe", ["scope_trace+inspect"]),
    ("src/inspect/span_slot.rs", ["span_slot+tracing"]),
    ("src/scope/registry/tell.rs", ["scope_trace+inspect"]),
    ("src/scope/registry", ["scope_inspect+inspect"]),
    ("src/scope/spawn.rs", ["scope", "scope_features", "scope_inspect+inspect"]),
    ("src/scope/shared.rs", ["scope", "scope_handle", "scope_token", "scope_features"]),
    ("src/scope", ["scope", "scope_handle", "scope_features"]),
]

GUARDS = [
    Guard(
        "src/semaphore/state.rs",
        "a newcomer takes permits although others come first",
        "while word & (CLOSED | STRICT) == 0 &&",
        "while word & CLOSED == 0 &&",
    ),
    Guard(
        "src/semaphore/state.rs",
        "a closed semaphore gives permits",
        "while word & (CLOSED | STRICT) == 0 &&",
        "while word & STRICT == 0 &&",
    ),
    Guard(
        "src/semaphore/state.rs",
        "a release does not serve those who wait",
        "if before & WAITERS != 0 {",
        "if before == usize::MAX {",
    ),
    Guard(
        "src/semaphore/state.rs",
        "a waiter announces itself without looking whether permits came",
        """                .compare_exchange(word, word | flags, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()""",
        """                .fetch_or(flags, Ordering::Relaxed)
                != usize::MAX""",
    ),
    Guard(
        "src/semaphore/state.rs",
        "a head that leaves does not have those behind it served",
        """            *removed = unsafe { queue.waiters.remove(waiter) };
            first""",
        """            *removed = unsafe { queue.waiters.remove(waiter) };
            first && false""",
    ),
    Guard(
        "src/semaphore/settle.rs",
        "a closed semaphore hands permits on",
        "word & (BOTH | CLOSED) == BOTH",
        "word & BOTH == BOTH",
    ),
    Guard(
        "src/semaphore/settle.rs",
        "a closed semaphore grants",
        """        if word & CLOSED != 0 {
            // Whoever""",
        """        if word == usize::MAX {
            // Whoever""",
    ),
    Guard(
        "src/semaphore/settle.rs",
        "permits are handed on in the bypass too",
        "if before & BYPASS != 0 {",
        "if before == usize::MAX {",
    ),
    Guard(
        "src/semaphore/settle.rs",
        "what is owed is handed on",
        "== BOTH && queue.total <= limit;",
        "== BOTH;",
    ),
    Guard(
        "src/semaphore/settle.rs",
        "what is owed is granted",
        """        } else if owed {
            Answer::Nothing
""",
        "",
    ),
    Guard(
        "src/semaphore/settle.rs",
        "a head that newcomers pass over loses no race",
        "let short = came > 0 && permits_of(word) < head.permits;",
        "let short = came == usize::MAX;",
    ),
    Guard(
        "src/semaphore/settle.rs",
        "the flags stay when the last is granted",
        "let flags = if queue.waiters.len() == 1 { BOTH } else { 0 };",
        "let flags = 0;",
    ),
    Guard(
        "src/semaphore/settle.rs",
        "the flags stay when the list is empty",
        """            self.word.fetch_and(!BOTH, Ordering::Relaxed);
        }
        false""",
        """        }
        false""",
    ),
    Guard(
        "src/semaphore/settle.rs",
        "the flags are cleared by a load and a store",
        "            self.word.fetch_and(!BOTH, Ordering::Relaxed);",
        """            let word = self.word.load(Ordering::Relaxed);
            self.word.store(word & !BOTH, Ordering::Relaxed);""",
    ),
    Guard(
        "src/semaphore/settle.rs",
        "a close ends after its first batch",
        """if batch.is_full() {
                        return true;""",
        """if batch.is_full() {
                        return false;""",
    ),
    Guard(
        "src/semaphore/settle.rs",
        "settling ends after its first batch",
        """if batch.is_full() {
                return true;""",
        """if batch.is_full() {
                return false;""",
    ),
    Guard(
        "src/semaphore/settle.rs",
        "what is owed does not hold newcomers back",
        "permits_of(self.word.fetch_or(BOTH, Ordering::Relaxed)) == 0",
        "permits_of(self.word.load(Ordering::Relaxed)) == 0",
    ),
    Guard(
        "src/semaphore/settle.rs",
        "what came before newcomers were held back is not collected",
        "permits_of(self.word.fetch_or(BOTH, Ordering::Relaxed)) == 0",
        "self.word.fetch_or(BOTH, Ordering::Relaxed) != usize::MAX",
    ),
    Guard(
        "src/semaphore/settle.rs",
        "a head that may lose a race holds newcomers back",
        """            if word & STRICT != 0 {
                // Relaxed: the flag publishes nothing.""",
        """            if word == usize::MAX {
                // Relaxed: the flag publishes nothing.""",
    ),
    Guard(
        "src/semaphore/resize.rs",
        "what is owed is forgotten as if it were idle",
        "if !self.collect(queue) {",
        "if !self.collect(queue) || true {",
    ),
    Guard(
        "src/semaphore/look.rs",
        "a called head that came too late does not announce itself",
        """            self.seen == Seen::Lost
        });""",
        """            false
        });""",
    ),
    Guard(
        "src/semaphore/look.rs",
        "a head that takes its permits leaves the next alone",
        """.unwrap_or(None);
                return true;""",
        """.unwrap_or(None);
                return false;""",
    ),
    Guard(
        "src/semaphore/look.rs",
        "one in the middle of the queue takes permits",
        "state.bypasses() && queue.waiters.is_front(self.waiter);",
        "state.bypasses() && self.waiter.stage() == crate::wait::Stage::Queued;",
    ),
    Guard(
        "src/semaphore/look.rs",
        "a changed waker is not stored",
        "self.old = mem::replace(stored, self.fresh.take());",
        "self.old = stored.take();",
    ),
    # Rule 3 of `src/wait.rs`. That a model sees this hangs on the tracked write in the drop of
    # `sys::cell::UnsafeCell`: freeing a node is nothing to loom otherwise.
    Guard(
        "src/semaphore/acquire.rs",
        "a poll skips the lock because the semaphore is closed, not its own node",
        "        // SAFETY: the future's own node; once queued",
        """        if self.waiter.stage() == Stage::Queued && self.semaphore.is_closed() {
            self.waiter.finish();
            return Poll::Ready(Err(AcquireError::Closed));
        }
        // SAFETY: the future's own node; once queued""",
    ),
    Guard(
        "src/semaphore/acquire.rs",
        "a drop skips the lock because the semaphore is closed, not its own node",
        "            Stage::Ended(Outcome::Granted) | Stage::Queued => self.leave(),",
        """            Stage::Queued if self.semaphore.is_closed() => {}
            Stage::Ended(Outcome::Granted) | Stage::Queued => self.leave(),""",
    ),
    Guard(
        "src/semaphore/acquire.rs",
        "a permit granted before its waiter has left is lost",
        "Err(Outcome::Granted) => panic.run(|| self.semaphore.state.release(self.permits())),",
        "Err(Outcome::Granted) => {}",
    ),
    Guard(
        "src/semaphore/acquire.rs",
        "the outcome of a wait is not marked as taken",
        """            return self.noted(cx, self.look(cx));
        }
        self.waiter.finish();""",
        """            return self.noted(cx, self.look(cx));
        }""",
    ),
    Guard(
        "src/wait/list.rs",
        "the outcome is stored before the node is unlinked",
        """        let waker = self.unlink(waiter);
        let ended = match outcome {
            Outcome::Granted => GRANTED,
            Outcome::Refused => REFUSED,
            Outcome::Closed => CLOSED,
        };
        // Release: pairs with the load in `Waiter::stage`. The last access (invariant 3):
        // from here on the owner may free the node without taking the lock.
        waiter.state.store(ended, Ordering::Release);
        waker
""",
        """        let ended = match outcome {
            Outcome::Granted => GRANTED,
            Outcome::Refused => REFUSED,
            Outcome::Closed => CLOSED,
        };
        waiter.state.store(ended, Ordering::Release);
        self.unlink(waiter)
""",
    ),
    Guard(
        "src/wait/list.rs",
        "a node that has ended is unlinked again",
        "            Stage::Ended(outcome) => Err(outcome),\n"
        "            Stage::Idle | Stage::Done => Ok(None),",
        "            Stage::Ended(_) => Ok(self.unlink(waiter)),\n"
        "            Stage::Idle | Stage::Done => Ok(None),",
    ),
    Guard(
        "src/wait/list.rs",
        "a waker is stored although the wait has ended",
        "            Stage::Queued => Ok(Self::with_stored(waiter, f)),\n"
        "            Stage::Ended(outcome) => Err(outcome),",
        "            Stage::Queued | Stage::Ended(_) => Ok(Self::with_stored(waiter, f)),",
    ),
    Guard(
        "src/wait/waker.rs",
        "a known waker is taken out for good",
        "|stored| matches!(stored, Some(waker) if waker.will_wake(inspect::inner(cx.waker()))),",
        "|stored| matches!(stored.take(), Some(waker) if waker.will_wake(inspect::inner(cx.waker()))),",
    ),
    Guard(
        "src/wait/countdown.rs",
        "a count that others wait for becomes zero without the lock, and nobody is let go",
        "(!opens(word, after)).then_some(after)",
        "Some(after)",
    ),
    Guard(
        "src/wait/countdown.rs",
        "those who wait are let go though the count did not become zero",
        "if f(count_of(before)).is_some_and(|after| opens(before, after)) {",
        "if before & WAITERS != 0 {",
    ),
    Guard(
        "src/wait/countdown.rs",
        "a set does not wait for what another has still to let go",
        "word & WAITERS != 0 && after == 0",
        "word & WAITERS != 0 && count_of(word) > 0 && after == 0",
    ),
    Guard(
        "src/wait/countdown.rs",
        "a change is a load and a store",
        """            match self.word.compare_exchange_weak(
                word,
                after << SHIFT | word & WAITERS,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Ok(word),
                Err(newer) => word = newer,
            }
""",
        """            let next = after << SHIFT | word & WAITERS;
            self.word.store(next, Ordering::Release);
            if next != usize::MAX {
                return Ok(word);
            }
            word = next;
""",
    ),
    Guard(
        "src/wait/countdown.rs",
        "a change takes the flag down",
        "after << SHIFT | word & WAITERS,",
        "after << SHIFT,",
    ),
    Guard(
        "src/wait/countdown.rs",
        "a waiter queues without looking again",
        "if count_of(before) > 0 {",
        "if before < usize::MAX {",
    ),
    Guard(
        "src/wait/countdown.rs",
        "the flag is taken down by a load and a store",
        "self.word.fetch_and(!WAITERS, Ordering::Release);",
        "let word = self.word.load(Ordering::Relaxed);\n"
        "            self.word.store(word & !WAITERS, Ordering::Relaxed);",
    ),
    Guard(
        "src/wait/countdown.rs",
        "the flag is taken down while others wait",
        "if held.waiters.is_empty() {",
        "if held.waiters.is_empty() || true {",
    ),
    Guard(
        "src/wait/countdown.rs",
        "the flag stays when the list is empty",
        "self.word.fetch_and(!WAITERS, Ordering::Release);",
        "",
    ),
    Guard(
        "src/wait/countdown.rs",
        "drop skips the lock because the count is zero, not because its own node has ended",
        "unsafe { self.countdown.queue.leave(&self.waiter, left) };",
        "if self.countdown.count() > 0 { unsafe { self.countdown.queue.leave(&self.waiter, left) } };",
    ),
    Guard(
        "src/wait/countdown.rs",
        "poll is ready because the count is zero, and leaves its node in the list",
        """            this.leave();
""",
        "",
    ),
    Guard(
        "src/cancel/wait.rs",
        "poll is ready because the token is cancelled, and leaves its node in the list",
        """            self.leave();
            self.waiter.finish();
""",
        """            self.waiter.finish();
""",
    ),
    Guard(
        "src/channel/held.rs",
        "a newcomer takes a message that was promised",
        "self.state.receiving.is_empty() && self.state.len > self.state.granted",
        "self.state.receiving.is_empty() && self.state.len > 0",
    ),
    Guard(
        "src/channel/held.rs",
        "a newcomer takes the message of a sender before those that were promised",
        "if self.state.is_closed || self.state.len > 0 || ",
        "if self.state.is_closed || ",
    ),
    Guard(
        "src/channel/held.rs",
        "a sender is let in and no receiver is told of its message",
        "let waker = self.admit().or_else(|| self.ticket());",
        "let waker = self.admit();",
    ),
    Guard(
        "src/channel/held.rs",
        "room is used and those who wait for its message are not told",
        "held.state.is_behind = held.state.waiting > 0 && !held.is_settled();",
        "held.state.is_behind = false;",
    ),
    Guard(
        "src/channel/held.rs",
        "a receiver that comes to wait lets nobody in",
        "self.found_nothing &= !R::is_news(self.state);",
        "",
    ),
    Guard(
        "src/channel/held.rs",
        "those who would wait in vain are not let go",
        "!(self.state.is_closed || self.has_others())",
        "!self.has_others()",
    ),
    Guard(
        "src/channel/held.rs",
        "who waits for something to come is not told",
        "!(self.state.is_closed || self.has_others())",
        "!self.state.is_closed",
    ),
    Guard(
        "src/channel/held.rs",
        "a closed channel is finished although there are permits",
        "state.is_closed && state.len == 0 && (state.reserved == 0 || state.is_abandoned)",
        "state.is_closed && state.len == 0",
    ),
    Guard(
        "src/channel/held.rs",
        "a closed channel is finished although messages are promised",
        "state.is_closed && state.len == 0 && (",
        "state.is_closed && state.len == state.granted && (",
    ),
    Guard(
        "src/channel/held.rs",
        "a permit sends to nobody",
        "        if self.state.is_abandoned {\n            return false;\n        }\n",
        "",
    ),
    Guard(
        "src/channel/recv.rs",
        "a receiver that gives up keeps its ticket",
        "|held| held.return_ticket())",
        "|_| ())",
    ),
    Guard(
        "src/channel/recv.rs",
        "a receiver whose time is over leaves what it was promised, and keeps the ticket",
        "|held| held.redeem(&mut place)",
        "|_| ()",
    ),
    Guard(
        "src/channel/send.rs",
        "a send that gives up takes its message although it was sent",
        "outcome != Some(Outcome::Granted)",
        "outcome != Some(Outcome::Refused)",
    ),
    Guard(
        "src/wait/queue.rs",
        "those who queued behind the mark are let go too",
        "while last.stage() == Stage::Queued {",
        "while last.stage() != Stage::Idle && !self.waiters.is_empty() {",
    ),
    Guard(
        "src/wait/queue.rs",
        "letting go ends after the first batch",
        "                return true;\n            }\n            batch.push(self",
        "                return false;\n            }\n            batch.push(self",
    ),
    Guard(
        "src/wait/queue.rs",
        "a changed waker is not stored",
        ".with_waker(waiter, |stored| mem::swap(stored, &mut fresh))",
        ".with_waker(waiter, |_| drop(fresh.take()))",
    ),
    Guard(
        "src/event.rs",
        "a set that finds it set only looks",
        "let _was = self.countdown.change(|_| Some(SET));",
        "if !self.is_set() { let _was = self.countdown.change(|_| Some(SET)); }",
    ),
    Guard(
        "src/latch.rs",
        "a count too many is not refused",
        "|count| count.checked_sub(n)",
        "|count| Some(count.saturating_sub(n))",
    ),
    Guard(
        "src/wait_group/owned.rs",
        "an owned member leaves twice",
        "mem::forget(self.add());",
        "let _ = mem::size_of_val(&self.add());",
    ),
    Guard(
        "src/barrier.rs",
        "a wait that leaves is not counted off",
        "held.state.arrived -= 1;",
        "",
    ),
    Guard(
        "src/barrier.rs",
        "a wait that leaves a complete generation is counted off",
        "if held.state.generation == generation {",
        "if held.state.generation == generation || held.state.arrived > 0 {",
    ),
    Guard(
        "src/barrier.rs",
        "a complete generation is not told from the next",
        "held.state.generation += 1;",
        "",
    ),
    Guard(
        "src/barrier.rs",
        "the leader lets nobody go",
        "wake_in_batches(|batch| self.queue.with(|held| held.end_through(&waiter, batch)));",
        "wake_in_batches(|batch| self.queue.with(|held| held.waiters.is_empty() && held.end_through(&waiter, batch)));",
    ),
    Guard(
        "src/sys/lock.rs",
        "the lock is freed before the closure has run",
        "let _held = Held(&self.state);",
        "let _ = Held(&self.state);",
    ),
    Guard(
        "src/sys/lock.rs",
        "the lock is freed only if the closure returns",
        "fn drop(&mut self) {\n",
        "fn drop(&mut self) {\n            if std::thread::panicking() {\n                return;\n            }\n",
    ),
    Guard(
        "src/wait/list.rs",
        "a sweep leaves the mark in front of those it passes",
        """        if ptr::eq(self.head, mark) {
            self.head = next;
        }
        // Of two""",
        """        // Of two""",
    ),
    Guard(
        "src/wait/list.rs",
        "another waker is taken for the stored one",
        ".is_some_and(|stored| stored.will_wake(waker))",
        ".is_some_and(|stored| stored.will_wake(waker) || true)",
    ),
    Guard(
        "src/cancel/wait.rs",
        "who waits does not look whether it is over",
        "        (state & want.bits() != 0).then_some(())",
        "        (state & want.bits() != 0 && state == usize::MAX).then_some(())",
    ),
    Guard(
        "src/cancel/wait.rs",
        "who waits is not announced",
        "            state = self.state.fetch_or(WAITERS, Ordering::Relaxed);",
        "            state = self.state.load(Ordering::Relaxed);",
    ),
    Guard(
        "src/cancel/walk.rs",
        "those who wait are not looked for",
        "if phase_of(before) < phase && before & WAITERS != 0 {",
        "if phase_of(before) < phase && before == usize::MAX {",
    ),
    Guard(
        "src/cancel/walk.rs",
        "what is cancelled is left out although it is not done",
        "        if done >= phase {",
        "        if done >= phase || phase_of(before) >= phase {",
    ),
    Guard(
        "src/cancel/walk.rs",
        "those who wait for something else are let go",
        "let ends = |want: &Want| want.ends_in(phase);",
        "let ends = |want: &Want| *want != Want::Mark;",
    ),
    Guard(
        "src/cancel/walk.rs",
        "a walker that is swept away leaves its mark",
        """                    unsafe { &*walker }.stop_sweep(node);
""",
        "",
    ),
    Guard(
        "src/cancel/walk.rs",
        "the wait for the drain ends although there is a child again",
        "if shape.links(node, |links| links.first).is_some() {",
        "if shape.links(node, |links| links.weak == u32::MAX) {",
    ),
    Guard(
        "src/cancel/domain.rs",
        "a child of a cancelled token is born running",
        "        self.inherit(child, parent, phase);\n",
        "",
    ),
    Guard(
        "src/cancel/domain.rs",
        "a walker at a leaf that goes is not moved on",
        "        self.walkers.move_on(node, after, after);\n",
        "",
    ),
    Guard(
        "src/cancel/domain.rs",
        "a walker at a middle that goes is not moved on",
        """        self.walkers
            .move_on(node, Step::Visit(child), Step::Leave(child));
""",
        "",
    ),
    Guard(
        "src/cancel/domain.rs",
        "a walker at a pinned token that goes misses a child",
        """        self.walkers
            .move_on(from, Step::Visit(child), Step::Leave(from));
""",
        "",
    ),
    Guard(
        "src/cancel/domain.rs",
        "the last child goes unnoticed by those who wait for it",
        "                removed.emptied = Some(parent);\n",
        "",
    ),
    Guard(
        "src/cancel/present.rs",
        "a root is freed as if nobody had joined",
        "            self.root.state.fetch_or(JOINED, Ordering::Relaxed);\n",
        "",
    ),
    Guard(
        "src/cancel/present.rs",
        "those who have left are counted without end",
        "        if shape.joined >= SETTLE {",
        "        if shape.joined == usize::MAX {",
    ),
    Guard(
        "src/cancel/present.rs",
        "who leaves while the numbers are settled is not counted",
        "            self.left.fetch_sub(gone, Ordering::Relaxed);\n",
        "            self.left.store(OPEN, Ordering::Relaxed);\n",
    ),
    Guard(
        "src/cancel/present.rs",
        "weak handles are counted without end",
        "        let is_counted = self.weak < MOST_WEAK;",
        "        let is_counted = self.weak < u32::MAX;",
    ),
    Guard(
        "src/cancel/counted.rs",
        "handles are counted without end",
        """        // The panic drops the clone, so its count does not stay.
        assert!(before < MOST_HANDLES, "there are too many handles");
""",
        "",
    ),
    Guard(
        "src/cancel/counted.rs",
        "handles of weak ones are counted without end",
        """        // As in the clone of a `CancelToken`.
        assert!(before < MOST_HANDLES, "there are too many handles");
""",
        "",
    ),
    Guard(
        "src/cancel/ends.rs",
        "a handle that a weak one has made is not noticed",
        "            node.handles.fetch_sub(1, Ordering::Acquire) == 1\n",
        "            node.handles.fetch_sub(1, Ordering::Acquire) == 0\n",
    ),
    Guard(
        "src/cancel/ends.rs",
        "a token that a weak handle has found goes as one that nobody knows",
        "        node.handles.load(Ordering::Acquire) == 1 && shape.remove_plain(node)\n",
        "        shape.remove_plain(node)\n",
    ),
    Guard(
        "src/cancel/ends.rs",
        "callbacks are forgotten with their token",
        "            self.panics.run(|| empty(unsafe { token.as_ref() }));\n",
        "",
    ),
    Guard(
        "src/cancel/link.rs",
        "an island is left out when it is told by another",
        "        self.are_left |= !(is_known && self.is_closed);\n",
        "",
    ),
    Guard(
        "src/cancel/link.rs",
        "an island counts as done as soon as it is known",
        "        self.are_left |= !(is_known && self.is_closed);\n",
        "        self.are_left |= !is_known;\n",
    ),
    Guard(
        "src/cancel/link.rs",
        "all of them are taken for any of them",
        "if left == 0 || left > usize::MAX / 2 {",
        "if left < usize::MAX {",
    ),
    Guard(
        "src/cancel/callback.rs",
        "a callback that comes late does not run",
        """        if let Some(waker) = waker {
            waker.wake();
        }
        Registration""",
        "        Registration",
    ),
    Guard(
        "src/scope/stop.rs",
        "the token of a scope that ends has another cause than its handles",
        "            wait.token().cancel_with(cause);\n",
        "            wait.token().cancel_with(how);\n",
    ),
    Guard(
        "src/scope/stop.rs",
        "a token that comes late is not cancelled",
        """                if let Some(cause) = cause {
                    token.cancel_with(cause);
                }
""",
        "",
    ),
    Guard(
        "src/scope/stop.rs",
        "a token that was cancelled before does not cancel the scope",
        "            cx.waker().wake_by_ref();\n",
        "",
    ),
    Guard(
        "src/time/manual.rs",
        "the clock goes back",
        "held.state = held.state.max(now)",
        "held.state = now",
    ),
    Guard(
        "src/wait/queue.rs",
        "a sweep ends after the first batch",
        "                return true;\n            }\n            if mark",
        "                return false;\n            }\n            if mark",
    ),
    Guard(
        "src/cancel/domain.rs",
        "who comes to wait between two phases is not looked for",
        "            return before | between & WAITERS;\n",
        "            return before | between & 0;\n",
    ),
    Guard(
        "src/select/run.rs",
        "nothing is found although something was there all the time",
        "for _ in 0..2 {",
        "for _ in 0..1 {",
    ),
    Guard(
        "src/oneshot.rs",
        "a waker is left although nothing will come",
        """            if state.is_closed {
                return false;
            }
""",
        "",
    ),
    Guard(
        "src/oneshot.rs",
        "a value is sent to nobody",
        "let refused = if state.is_closed {",
        "let refused = if state.sides > 2 {",
    ),
    Guard(
        "src/watch.rs",
        "those who wait are not told",
        "if !held.waiters.is_empty() {",
        "if held.waiters.is_empty() && word == usize::MAX {",
    ),
    Guard(
        "src/watch.rs",
        "a value is set although it is closed",
        "is_set = word & CLOSED == 0 && is_right(word);",
        "is_set = is_right(word);",
    ),
    Guard(
        "src/watch.rs",
        "an update overwrites what it has not seen",
        "|word| !is_news(word, &seen))",
        "|word| !is_news(word, &seen) || word != usize::MAX)",
    ),
    Guard(
        "src/watch/changed.rs",
        "who waits does not look whether it is over",
        "this.is_over().then_some(())",
        "(this.is_over() && this.is_done()).then_some(())",
    ),
    Guard(
        "src/watch/changed.rs",
        "poll is ready because the value is new, and leaves its node in the list",
        """            this.leave();
            this.waiter.finish();
""",
        """            this.waiter.finish();
""",
    ),
    Guard(
        "src/scope/child.rs",
        "an abort of a child among the awaited is not looked at",
        "            scope.signal();\n",
        "            let _ = scope;\n",
    ),
    Guard(
        "src/scope/count.rs",
        "who is not the last to hold a child frees it",
        "self.0.load(Ordering::Acquire) == counts ||",
        "self.0.load(Ordering::Acquire) <= 2 ||",
    ),
    Guard(
        "src/scope/retire.rs",
        "a child that is queued is let go of as if it were not",
        "if known & QUEUED == 0 && known < AWAITING {",
        "if known < AWAITING {",
    ),
    Guard(
        "src/scope/retire.rs",
        "a driver that is to tell who waits hands its count over",
        "if known & (QUEUED | HANDLE | JOINER) != HANDLE || known >= AWAITING {",
        "if known & (QUEUED | HANDLE) != HANDLE || known >= AWAITING {",
    ),
    Guard(
        "src/scope/retire.rs",
        "a driver hands the count over that its place in the queue has",
        "if known & (QUEUED | HANDLE | JOINER) != HANDLE || known >= AWAITING {",
        "if known & (HANDLE | JOINER) != HANDLE || known >= AWAITING {",
    ),
    Guard(
        "src/scope/inbox.rs",
        "a spawn into a parked local scope wakes nobody",
        "            self.ready.unpark();\n",
        "",
    ),
    Guard(
        "src/scope/ready.rs",
        "a spawn into a local scope overwrites what was pushed since it looked",
        ".compare_exchange(PARKED, EMPTY, Ordering::Relaxed, Ordering::Relaxed)\n                .is_ok()",
        ".swap(EMPTY, Ordering::Relaxed)\n                == PARKED",
    ),
    Guard(
        "src/scope/gate.rs",
        "an abort is lost when the child is held back at that moment",
        "link.unqueue(0) & (AWAITED | ABORTED) != 0",
        "link.unqueue(0) & AWAITED != 0",
    ),
    Guard(
        "src/scope/driver.rs",
        "an abort during the poll is not looked at after it",
        "                if now & ABORTED != 0 {",
        "                if now & ABORTED != 0 && false {",
    ),
    Guard(
        "src/scope/control.rs",
        "of two breaks at once both are told that theirs counts",
        "        if !self.shared.claim_break() {",
        "        if self.shared.claim_break() && false {",
    ),
    Guard(
        "src/scope/driver.rs",
        "a daemon that is ready when the others are done holds up the end",
        "        if !self.daemons.is_empty() {",
        "        if false && !self.daemons.is_empty() {",
    ),
    Guard(
        "src/scope/teardown.rs",
        "what woke a shielded child is forgotten when the scope fails",
        "if outlasts && self.phase != Phase::Over {",
        "if !is_child && self.phase != Phase::Over {",
    ),
    Guard(
        "src/scope/teardown.rs",
        "a spawn is accepted while the scope ends",
        "            self.shared.begin_end();\n",
        "",
    ),
    Guard(
        "src/group/slot.rs",
        "a place that comes off the queue is free although it has wakers",
        "let is_free = before < WAKER;",
        "let is_free = true;",
    ),
    Guard(
        "src/group/slot.rs",
        "a place that comes off the queue stays lent",
        """        if is_free {
            self.come_back();
        }
""",
        "",
    ),
    Guard(
        "src/group/slot.rs",
        "a place that is lent does not keep its chunk",
        "unsafe { ChunkHead::lend(self.head.chunk(), 1) };",
        "",
    ),
    Guard(
        "src/group/slot.rs",
        "a chunk is freed although others have places of it",
        "if before.wrapping_add(change) == 0 {",
        "if before.wrapping_add(change) < usize::MAX {",
    ),
    Guard(
        "src/group/slot.rs",
        "a place whose last waker went while it was retired is lost",
        "let is_free = state.fetch_or(RETIRED, Ordering::Acquire) == 0;",
        "let is_free = state.fetch_or(RETIRED, Ordering::Acquire) == usize::MAX;",
    ),
    Guard(
        "src/group/slot.rs",
        "a place is free at once although it has wakers or is queued",
        "if state.load(Ordering::Acquire) == 0 {",
        "if state.load(Ordering::Acquire) < usize::MAX {",
    ),
    Guard(
        "src/group/slot.rs",
        "a wake of a retired place leaves it queued",
        """            // Retired meanwhile, or the group is gone.
            link.unqueue(0);
""",
        "",
    ),
    Guard(
        "src/group/slot.rs",
        "a waker gives a place back that others have, or that is queued",
        "if before == RETIRED | WAKER {",
        "if before & RETIRED != 0 {",
    ),
    Guard(
        "src/group/slot.rs",
        "a waker gives a place back that has a child",
        "if before == RETIRED | WAKER {",
        "if before & !RETIRED == WAKER {",
    ),
    Guard(
        "src/group/slot.rs",
        "a wake that ends the last waker does not let go of the chunk of a group that is gone",
        "if head.link.unqueue(0) == QUEUED | RETIRED {",
        "if head.link.unqueue(0) == usize::MAX {",
    ),
    Guard(
        "src/group/slot.rs",
        "a wake that ends its waker does not reach the parent",
        "Pushed::Unparked(shared) => shared.ready.wake_parent(),",
        "Pushed::Unparked(shared) => drop(shared),",
    ),
    Guard(
        "src/group/slot.rs",
        "the last waker does not let go of the chunk of a group that is gone",
        "if !unsafe { shared.give_back(self.0.as_ptr().cast()) } {",
        "if !unsafe { shared.give_back(self.0.as_ptr().cast()) } && cfg!(test) {",
    ),
    Guard(
        "src/group/shared.rs",
        "places are given back to a group that is gone",
        """            if head == CLOSED {
                return false;
            }
""",
        "",
    ),
    Guard(
        "src/group/crew.rs",
        "what is queued when a group ends stays queued",
        "                unsafe { &*link.cast::<Slot<F>>() }.come_off();\n",
        "                let _ = link;\n",
    ),
    Guard(
        "src/group/crew.rs",
        "what was taken to be polled when a group ends stays queued",
        "for mut batch in [mem::replace(&mut self.batch, Batch::new()), closed] {",
        "for mut batch in [closed] {",
    ),
    Guard(
        "src/group/crew.rs",
        "places that have come back stay lent when a group ends",
        "            link = place.link().next();\n            place.come_back();\n        }\n        let mut chunk",
        "            link = place.link().next();\n        }\n        let mut chunk",
    ),
    Guard(
        "src/group/crew.rs",
        "places that have come back stay lent",
        "            link = place.link().next();\n            place.come_back();\n        }\n        if self.free",
        "            link = place.link().next();\n        }\n        if self.free",
    ),
    Guard(
        "src/group/pass.rs",
        "a group parks although somebody is ready",
        "!self.crew.shared().ready.park(cx)",
        "{ self.crew.shared().ready.park(cx); false }",
    ),
    Guard(
        "src/group/hub.rs",
        "a group closes although somebody was spawned",
        "state.is_closed |= state.newcomers.is_empty();",
        "state.is_closed = true;",
    ),
    Guard(
        "src/group/hub.rs",
        "results end although somebody was spawned",
        "let is_idle = state.newcomers.is_empty();",
        "let is_idle = true;",
    ),
    Guard(
        "src/group/hub.rs",
        "results stay ended although somebody was spawned",
        "            state.is_idle = false;\n",
        "",
    ),
    Guard(
        "src/group/hub.rs",
        "a spawn does not wake the group",
        """                self.shared.call_driver();
                Ok(())""",
        "                Ok(())",
    ),
    Guard(
        "src/group/hub.rs",
        "whoever waits for a result does not look again",
        "        self.reader.register(cx);\n        self.try_take()",
        "        self.reader.register(cx);\n        Poll::Pending",
    ),
    Guard(
        "src/group/hub.rs",
        "a result wakes nobody",
        """            at == 0
        });
        if is_news {""",
        """            at == 0
        });
        if is_news && false {""",
    ),
    Guard(
        "src/group/hub.rs",
        "a group that waits for room does not say so",
        "state.is_full = state.is_read && state.untaken >= bound;",
        "state.is_full = state.is_read && state.untaken > bound;",
    ),
    Guard(
        "src/group/hub.rs",
        "the end of a group wakes nobody",
        "state.is_idle = true);\n        self.reader.wake();",
        "state.is_idle = true);",
    ),
    Guard(
        "src/scope/places.rs",
        "try_spawn overtakes who waits for a place",
        "        self.take_below(limit, WAITED)\n",
        "        self.take_below(limit, 0)\n",
    ),
    Guard(
        "src/scope/places.rs",
        "a wait begins without a look at what came free meanwhile",
        "held.waiters.is_empty() && self.take_below(limit, 0)",
        "held.waiters.is_empty() && self.take_below(0, 0)",
    ),
    Guard(
        "src/scope/places.rs",
        "a wait begins in a scope that was cancelled meanwhile",
        "self.word.fetch_or(WAITED, Ordering::Relaxed) & CLOSED != 0",
        "self.word.fetch_or(WAITED, Ordering::Relaxed) & 0 != 0",
    ),
    Guard(
        "src/scope/slot.rs",
        "a wait that gives up keeps the place that it was given just then",
        "        if self.waiter.is_granted() {",
        "        if self.waiter.is_granted() && false {",
    ),
    Guard(
        "src/scope/handle.rs",
        "a handle that goes on after a wait forgets whose the joiner is",
        "        state.fetch_or(before & JOINER, Ordering::Relaxed);\n",
        "",
    ),
    Guard(
        "src/scope/spawn.rs",
        "a child that is refused stays in the list of those that are told of",
        "            unsafe { self.shared.branch.unlink(card) };\n",
        "",
    ),
    Guard(
        "src/scope/registry.rs",
        "the tree has no count of a branch that is in it",
        "                unsafe { (branch.family.acquire)(this) };\n",
        "",
    ),
    Guard(
        "src/scope/registry.rs",
        "a branch leaves the tree and what is below it there",
        "                if unsafe { tree.raise_last(twig) } {",
        "                if false {",
    ),
    Guard(
        "src/scope/registry.rs",
        "a branch that ends stays in the tree",
        "                unsafe { tree.take_out(twig) };\n                true",
        "                true",
    ),
    Guard(
        "src/scope/registry.rs",
        "a child is taken out of the list although its task goes on",
        "            if unsafe { child.leave() } {",
        "            if unsafe { child.leave() } || true {",
    ),
    Guard(
        "src/scope/registry.rs",
        "a child whose task ends after it stays in the list",
        "            if unsafe { child.come_back() } {",
        "            if unsafe { child.come_back() } && false {",
    ),
    Guard(
        "src/scope/registry/tree.rs",
        "what a branch leaves is put in front of it, and told of again",
        "unsafe { self.insert(last, parent, twig) };",
        "unsafe { self.insert(last, parent, links(twig).prev) };",
    ),
    Guard(
        "src/scope/registry/visit.rs",
        "a branch is looked at without a count",
        "        Some((unsafe { BranchRef::of(branch) }, parent.id(number)))",
        "        Some((BranchRef(branch), parent.id(number)))",
    ),
    Guard(
        "src/scope/registry/list.rs",
        "what is spawned while somebody looks is told of, without end",
        "        if ptr::eq(next, end) {\n            return Step::Over;\n        }\n        // SAFETY: linked, and",
        "        if next.is_null() {\n            return Step::Over;\n        }\n        // SAFETY: linked, and",
    ),
    Guard(
        "src/par/slot.rs",
        "a task that was aborted before it listened waits",
        "self.state.fetch_or(LISTENS, Ordering::Release) & ABORTED == 0",
        "self.state.fetch_or(LISTENS, Ordering::Release) & 0 == 0",
    ),
    Guard(
        "src/par/slot.rs",
        "a task changes its waker while the waiter has it",
        "        if state & ABORTED != 0 {\n            return Err(Aborted);",
        "        if state & 0 != 0 {\n            return Err(Aborted);",
    ),
    Guard(
        "src/par/slot.rs",
        "a task changes its waker while the waiter may take it",
        "state = self.state.fetch_and(!LISTENS, Ordering::Relaxed);",
        "state = self.state.fetch_and(!0, Ordering::Relaxed);",
    ),
    Guard(
        "src/par/slot.rs",
        "an abort takes a waker that may not be there yet",
        "if before & LISTENS != 0 {",
        "if before & DONE == 0 {",
    ),
    Guard(
        "src/par/slot.rs",
        "an abort wakes nobody",
        "if before & LISTENS != 0 {",
        "if before == usize::MAX {",
    ),
    Guard(
        "src/par/slot.rs",
        "a task puts its outcome where the waiter may look for the waker",
        "unsafe { self.take_waker() }.map(drop).is_ok()",
        "{ let _ = unsafe { self.take_waker() }.map(drop); true }",
    ),
    Guard(
        "src/par/slot.rs",
        "a task does not see that the waiter has left",
        "        if before & LEFT == 0 {\n            return Ok(before & WAITS",
        "        if before & 0 == 0 {\n            return Ok(before & WAITS",
    ),
    Guard(
        "src/par/slot.rs",
        "a waiter that leaves does not see that the task is done",
        "self.state.fetch_or(LEFT, Ordering::AcqRel) & DONE != 0",
        "self.state.fetch_or(LEFT, Ordering::AcqRel) & 0 != 0",
    ),
    Guard(
        "src/par/proxy.rs",
        "a child is not told that its task is done",
        "            wake.finish();\n            return;\n",
        "            let _ = wake;\n            return;\n",
    ),
    Guard(
        "src/par/proxy.rs",
        "a child that goes before its task leaves it nothing",
        "            held.leave_a_count();\n",
        "",
    ),
    Guard(
        "src/par/proxy.rs",
        "a child takes nothing back that its task does not know of",
        "            if is_done {\n",
        "            if is_done && false {\n",
    ),
    Guard(
        "src/par/proxy.rs",
        "the child knows of its task's end before that keeps the memory",
        """        let wake = self.held.begin_wake();
        // SAFETY: the task does this once, by the caller's word.
        let Err(unwanted) = (unsafe { Slot::put(self.place(), outcome) }) else {
""",
        """        // SAFETY: the task does this once, by the caller's word.
        let put = unsafe { Slot::put(self.place(), outcome) };
        let wake = self.held.begin_wake();
        let Err(unwanted) = put else {
""",
    ),
    Guard(
        "src/par/slot.rs",
        "a task that waits on overlooks another waker",
        "            if known.will_wake(cx.waker()) {\n",
        "            if known.will_wake(cx.waker()) || true {\n",
    ),
    Guard(
        "src/par/slot.rs",
        "a task takes a waker that the waiter changes",
        "return Ok(before & WAITS != 0);",
        "return Ok(before | WAITS != 0);",
    ),
    Guard(
        "src/par/slot.rs",
        "a waiter changes its waker when the task may take it",
        "self.state.fetch_and(!WAITS, Ordering::Acquire) & DONE == 0",
        "self.state.fetch_and(!0, Ordering::Acquire) & DONE == 0",
    ),
    Guard(
        "src/par/slot.rs",
        "a waiter frees the memory before the task has gone",
        "|| this.state.fetch_or(LEFT, Ordering::AcqRel) & GONE != 0",
        "|| this.state.fetch_or(LEFT, Ordering::AcqRel) & DONE != 0",
    ),
    Guard(
        "src/par/slot.rs",
        "a task that goes does not see that the waiter has left",
        "this.state.fetch_or(GONE, Ordering::AcqRel) & LEFT != 0",
        "this.state.fetch_or(GONE, Ordering::AcqRel) & 0 != 0",
    ),
    Guard(
        "src/par/desk.rs",
        "a parallel future that has another task does not look again",
        "        if waits {\n",
        "        if waits || true {\n",
    ),
    Guard(
        "src/par/desk.rs",
        "a waker that the task leaves alone is lost",
        "let unused = (!waits).then(",
        "let unused = (!waits && false).then(",
    ),
    Guard(
        "src/par/desk.rs",
        "a parallel future is not told that its task is done",
        "unwind::catch(|| ManuallyDrop::into_inner(waker).wake())",
        "unwind::catch(|| drop(ManuallyDrop::into_inner(waker)))",
    ),
    Guard(
        "src/scope/crew.rs",
        "whoever waits for a crew does not look again",
        "if self.state.fetch_or(AWAITED, Ordering::Acquire) >= TASK {",
        "if self.state.fetch_or(AWAITED, Ordering::Acquire) < usize::MAX {",
    ),
    Guard(
        "src/scope/crew.rs",
        "the last of a crew wakes nobody",
        "if before & AWAITED != 0 && before < 2 * TASK {",
        "if before & AWAITED != 0 && before < TASK {",
    ),
    Guard(
        "src/scope/registry/tell.rs",
        "a cancel is told of twice",
        "self.is_cancel_told.swap(1, Ordering::Relaxed) == 0 {",
        "self.is_cancel_told.swap(1, Ordering::Relaxed) < 2 {",
    ),
    Guard(
        "src/scope/registry/tell.rs",
        "who cancels looks for observers without the lock under which they come in",
        "self.cards.with(|_| self.audience.get())",
        "self.audience.get()",
    ),
    Guard(
        "src/scope/crew.rs",
        "somebody joins a crew that is closed",
        "let is_open = self.state.fetch_add(TASK, Ordering::Relaxed) & CLOSED == 0;",
        "let is_open = self.state.fetch_add(TASK, Ordering::Relaxed) & 0 == 0;",
    ),
    Guard(
        "src/scope/crew.rs",
        "who was refused stays in the crew",
        """        if !is_open {
            self.leave();
        }
""",
        "",
    ),
    Guard(
        "src/scope/crew.rs",
        "the task of a child that is gone is not waited for",
        "        self.state.fetch_add(TASK, Ordering::Relaxed);\n",
        "        self.state.fetch_add(0, Ordering::Relaxed);\n",
    ),
    Guard(
        "src/scope/held.rs",
        "a place in the queue that another fills keeps the memory",
        "let is_its_own = before & (QUEUED | RETIRED) == 0;",
        "let is_its_own = before & RETIRED == 0;",
    ),
    Guard(
        "src/scope/held.rs",
        "who unparks a driver wakes its task when the scope may be gone",
        "Pushed::Unparked(count) => noting(count, || unsafe { queue.as_ref() }.wake_parent()),",
        "Pushed::Unparked(count) => { drop(count); unsafe { queue.as_ref() }.wake_parent() }",
    ),
    Guard(
        "src/scope/held.rs",
        "a scope is not told that a runtime has lost a child",
        "        scope.cancel_with(CauseKind::Lost.into());\n",
        "        let _ = scope;\n",
    ),
    Guard(
        "src/scope/limit.rs",
        "a wait that begins in a task has nobody look for a place",
        "if place != Where::InThePass {",
        "if place != Where::InThePass && false {",
    ),
]
