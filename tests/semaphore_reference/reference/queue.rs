//! What the queue is due: who is served, in which order, and who is woken when.

use pleach::AcquireError;

use super::{
    super::{Event, program::BATCH},
    RACES, Reference, Stage,
};

/// What the head of the queue is due.
enum Due {
    Nothing,
    Call,
    End(Result<(), AcquireError>),
}

impl Reference<'_> {
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.serve_and_wake(|this, woken| {
            while !this.queue.is_empty() {
                if woken.len() == BATCH {
                    this.reached.note("a second batch was closed");
                    return true;
                }
                this.reached.note("a waiter was closed");
                woken.push(this.end_head(Err(AcquireError::Closed)));
            }
            this.serve(woken)
        });
    }

    /// Takes off what is owed, as far as it is there.
    pub(super) fn pay(&mut self) {
        let paid = self.owed().min(self.idle);
        self.idle -= paid;
        if paid > 0 {
            self.reached.note("a debt was paid");
        }
    }

    /// Gives the queue what it is due.
    pub(super) fn settle(&mut self) {
        self.serve_and_wake(Self::serve);
    }

    /// Permits have `come`: with bypass, a head that waits uncalled and is not covered has lost a
    /// race.
    pub(super) fn pass_over(&mut self, come: usize) {
        let (bypass, idle) = (self.bypass, self.idle);
        let Some(&head) = self.queue.front() else {
            return;
        };
        let request = self.request(head);
        if let Stage::Queued {
            waker: Some(_),
            races_lost,
        } = &mut request.stage
        {
            if bypass && come > 0 && idle < request.permits {
                *races_lost += 1;
                self.reached.note("a head was passed over");
            }
        }
    }

    /// As `settle`, after a release: as long as all is plain, who is granted is woken before the
    /// next one is granted.
    pub(super) fn hand_on(&mut self) {
        while let Some(wanted) = self.plain_head() {
            if wanted > self.idle {
                // If it asks for too much, whoever made it the head is about to refuse it.
                return;
            }
            let waker = self.end_head(Ok(()));
            let next = self.plain_head();
            let refused = next.is_some_and(|next| next > self.ceiling());
            let waits = next.map_or(self.queue.is_empty(), |next| next > self.idle);
            if let Some(waker) = waker {
                self.wake(waker);
            }
            if refused {
                break;
            }
            if waits {
                return;
            }
        }
        self.settle();
    }

    /// What the head of the queue wants, if there is nothing but that to look at.
    fn plain_head(&mut self) -> Option<usize> {
        let head = *self.queue.front()?;
        let plain = !self.bypass && !self.closed && self.owed() == 0;
        plain.then(|| self.request(head).permits)
    }

    /// Wakes after each batch that `serve` has served, until it says that there is no more.
    fn serve_and_wake(&mut self, serve: impl Fn(&mut Self, &mut Vec<Option<usize>>) -> bool) {
        loop {
            let mut woken = Vec::new();
            let more = serve(self, &mut woken);
            for waker in woken.into_iter().flatten() {
                self.wake(waker);
            }
            if !more {
                return;
            }
        }
    }

    /// Serves one batch; whether there is more to serve.
    fn serve(&mut self, woken: &mut Vec<Option<usize>>) -> bool {
        self.pay();
        while let Some(&head) = self.queue.front() {
            let due = self.due(head);
            if matches!(due, Due::Nothing) {
                return false;
            }
            if woken.len() == BATCH {
                self.reached.note("a second batch was served");
                return true;
            }
            match due {
                Due::Nothing => {}
                Due::Call => {
                    woken.push(self.call_head());
                    return false;
                }
                Due::End(result) => woken.push(self.end_head(result)),
            }
        }
        false
    }

    fn due(&mut self, head: usize) -> Due {
        let permits = self.request(head).permits;
        let limit = self.ceiling();
        if self.closed {
            // It is about to be closed.
            Due::Nothing
        } else if permits > limit {
            self.reached.note("a waiter was refused");
            Due::End(Err(AcquireError::TooMany {
                requested: permits,
                limit,
            }))
        } else if self.owed() > 0 || permits > self.idle {
            Due::Nothing
        } else if self.bypass && self.races_lost(head) < RACES {
            Due::Call
        } else {
            Due::End(Ok(()))
        }
    }

    /// Ends the wait of the head of the queue and returns whom to wake.
    fn end_head(&mut self, result: Result<(), AcquireError>) -> Option<usize> {
        let head = self.queue.pop_front().expect("somebody waits");
        let lost = self.races_lost(head);
        let request = self.request(head);
        let waker = request.waker();
        request.stage = Stage::Ended(result);
        if result.is_ok() {
            let permits = request.permits;
            self.idle -= permits;
            self.out += permits;
            let path = match lost {
                0 => "a head was granted",
                _ => "a head was granted that had lost its races",
            };
            self.reached.note(path);
        }
        waker
    }

    /// Takes the waker of the head of the queue, which stays there.
    fn call_head(&mut self) -> Option<usize> {
        let head = self.queue[0];
        let races_lost = self.races_lost(head);
        let request = self.request(head);
        let waker = request.waker();
        request.stage = Stage::Queued {
            waker: None,
            races_lost,
        };
        waker
    }

    fn wake(&mut self, waker: usize) {
        self.events.push(Event::Woken(waker));
        if let Some(op) = self.armed[waker].take() {
            self.reached.note("a waker came back");
            self.run(&op);
        }
    }
}
