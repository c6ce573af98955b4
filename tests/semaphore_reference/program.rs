//! The operations, and how bytes are read as a program of them: any bytes are a program, so
//! that a fuzzer can change, cut and join them as it likes.

use std::{collections::VecDeque, slice::Iter};

use pleach::Semaphore;

/// How many waiters are served before any of them is woken: wakers that come back can tell.
pub(super) const BATCH: usize = 8;
pub(super) const SLOTS: usize = BATCH + 4;
pub(super) const WAKERS: usize = 4;

/// How the semaphore of a program is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    pub(super) permits: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Limited,
    Bypass,
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    /// Makes a request, if there is none in the slot that has not completed.
    Request {
        slot: usize,
        permits: usize,
        owned: bool,
    },
    Poll {
        slot: usize,
        waker: usize,
    },
    /// `poll_acquire`
    PollFor {
        slot: usize,
        waker: usize,
        permits: usize,
    },
    Cancel {
        slot: usize,
    },
    Try {
        permits: usize,
        owned: bool,
    },
    GiveBack {
        held: usize,
    },
    Forget {
        held: usize,
    },
    Split {
        held: usize,
        permits: usize,
    },
    Merge {
        from: usize,
        into: usize,
    },
    Add {
        permits: usize,
    },
    ForgetIdle {
        permits: usize,
    },
    SetLimit {
        limit: usize,
    },
    Close,
    /// The next wake of this waker runs an operation.
    Arm {
        waker: usize,
        then: Box<Op>,
    },
}

/// Bytes, read as operations. They end where the bytes do.
pub(super) struct Program<'a> {
    bytes: Iter<'a, u8>,
    /// Permits are counted in these, but for those that are added.
    unit: usize,
    /// With few slots the same requests are polled over and over.
    slots: usize,
    /// How many of the kinds of operations there are, in the order of `op`: those that leave
    /// fewer permits come last.
    kinds: usize,
    /// How many of the sizes of requests there are: the first ones are one permit.
    sizes: usize,
    /// The rest of a figure.
    figure: VecDeque<Op>,
}

impl<'a> Program<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes: bytes.iter(),
            unit: 1,
            slots: SLOTS,
            kinds: 32,
            sizes: 9,
            figure: VecDeque::new(),
        }
    }

    /// Reads the shape, which comes first.
    pub(super) fn shape(&mut self) -> Shape {
        let [kind, mix, permits] = [(); 3].map(|()| self.byte().unwrap_or(0));
        self.slots = [2, 5, SLOTS, SLOTS][mix as usize % 4];
        self.kinds = [27, 32][mix as usize / 4 % 2];
        self.sizes = [4, 9][mix as usize / 8 % 2];
        // Half of the word's range at most: adding permits never comes to its end.
        self.unit = match mix {
            0..224 => 1,
            _ => Semaphore::MAX_PERMITS / 8,
        };
        let kind = [Kind::Open, Kind::Limited, Kind::Bypass][kind as usize % 3];
        if kind == Kind::Bypass {
            // What a waker that comes back finds between two batches is left open then.
            self.slots = self.slots.min(BATCH);
        }
        Shape {
            kind,
            permits: permits as usize % 5 * self.unit,
        }
    }

    fn byte(&mut self) -> Option<u8> {
        self.bytes.next().copied()
    }

    fn below(&mut self, n: usize) -> Option<usize> {
        Some(self.byte()? as usize % n)
    }

    fn slot(&mut self) -> Option<usize> {
        self.below(self.slots)
    }

    fn waker(&mut self) -> Option<usize> {
        self.below(WAKERS)
    }

    fn held(&mut self) -> Option<usize> {
        self.byte().map(usize::from)
    }

    /// Few units, or more than there can be.
    fn permits(&mut self) -> Option<usize> {
        Some(match self.byte()? {
            255 => Semaphore::MAX_PERMITS - 1 + self.below(4)?,
            byte => [1, 1, 1, 1, 2, 2, 3, 0, 4][byte as usize % self.sizes] * self.unit,
        })
    }

    fn owned(&mut self) -> Option<bool> {
        Some(self.below(2)? == 1 && cfg!(feature = "alloc"))
    }

    /// `None` at the end.
    fn op(&mut self) -> Option<Op> {
        Some(match self.below(self.kinds)? {
            0..=3 => Op::Request {
                slot: self.slot()?,
                permits: self.permits()?,
                owned: self.owned()?,
            },
            4..=10 => self.poll()?,
            11..=13 => Op::Try {
                permits: self.permits()?,
                owned: self.owned()?,
            },
            14..=18 => Op::GiveBack { held: self.held()? },
            19 | 20 => Op::PollFor {
                slot: self.slot()?,
                waker: self.waker()?,
                permits: self.permits()?,
            },
            21 | 22 => Op::Cancel { slot: self.slot()? },
            23 => Op::Arm {
                waker: self.waker()?,
                then: Box::new(self.op()?),
            },
            24 => Op::Split {
                held: self.held()?,
                permits: self.permits()?,
            },
            25 => Op::Merge {
                from: self.held()?,
                into: self.held()?,
            },
            26 => Op::Add {
                permits: self.few()?,
            },
            27 => Op::Forget { held: self.held()? },
            // Seldom: not much happens afterwards.
            28 if self.below(8)? == 0 => Op::Close,
            28 => self.poll()?,
            29 => Op::ForgetIdle {
                permits: self.permits()?,
            },
            _ => self.set_limit()?,
        })
    }

    fn poll(&mut self) -> Option<Op> {
        Some(Op::Poll {
            slot: self.slot()?,
            waker: self.waker()?,
        })
    }

    /// Mostly one, sometimes enough for all slots.
    fn few(&mut self) -> Option<usize> {
        Some([1, 1, 1, 2, 2, 3, 0, 16][self.below(8)?])
    }

    fn set_limit(&mut self) -> Option<Op> {
        let limit = match self.few()? {
            16 if self.unit > 1 => 4,
            few => few,
        };
        Some(Op::SetLimit {
            limit: limit * self.unit,
        })
    }
}

impl Iterator for Program<'_> {
    type Item = Op;

    fn next(&mut self) -> Option<Op> {
        if let Some(op) = self.figure.pop_front() {
            return Some(op);
        }
        match self.bytes.as_slice().first()? {
            250..=251 => self.fill()?,
            252..=255 => self.overtake()?,
            _ => return self.op(),
        }
        self.next()
    }
}

/// Figures: what random operations seldom come to on their own.
impl Program<'_> {
    /// Everybody waits for one permit.
    fn fill(&mut self) -> Option<()> {
        self.byte()?;
        let (waker, owned) = (self.waker()?, self.owned()?);
        for slot in 0..self.slots {
            let permits = self.unit;
            let request = Op::Request {
                slot,
                permits,
                owned,
            };
            let waker = (waker + slot) % WAKERS;
            self.figure.extend([request, Op::Poll { slot, waker }]);
        }
        Some(())
    }

    /// A request waits while another one comes first, again and again.
    fn overtake(&mut self) -> Option<()> {
        self.byte()?;
        let (slot, waker) = (self.slot()?, self.waker()?);
        let permits = self.unit;
        for _ in 0..self.below(8)? {
            self.figure.extend([
                Op::Try {
                    permits,
                    owned: false,
                },
                Op::Poll { slot, waker },
                Op::GiveBack { held: 0 },
            ]);
        }
        Some(())
    }
}

/// Where in a list of `len` permits the one is that an operation names: 0 is the newest.
pub(super) fn place(held: usize, len: usize) -> Option<usize> {
    (held % len.max(1) < len).then(|| len - 1 - held % len)
}
