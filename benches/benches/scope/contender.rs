//! A contender: an async function that spawns the children it is given and returns the sum of
//! their outputs.

use pleach_benches::{Role, Subject};

use crate::{child::Burst, runtime::Runtime};

pub struct Contender {
    pub name: &'static str,
    pub role: Role,
    pub runtime: Runtime,
    /// Runs one burst after the other, of so many children in all.
    pub bursts: fn(Burst, u64),
    /// Runs so many children in trees of three scopes one inside the other.
    pub nested: fn(u64),
}

impl Contender {
    pub fn of_bursts(&self, burst: Burst) -> Subject {
        let bursts = self.bursts;
        self.subject(Box::new(move |operations| bursts(burst, operations)))
    }

    pub fn of_nested(&self) -> Subject {
        self.subject(Box::new(self.nested))
    }

    fn subject(&self, run: Box<dyn Fn(u64)>) -> Subject {
        Subject {
            name: self.name,
            role: self.role,
            run,
        }
    }
}

/// Children of each scope of a tree.
pub const WIDTH: usize = 32;

/// The children of a lowest scope.
pub const LOWEST: Burst = Burst {
    size: WIDTH,
    yields: 1,
};

/// Nobody sleeps: children wake themselves.
pub fn never_idle() {
    panic!("everybody waits, and nobody was woken: a wake was lost");
}

/// The contenders of these names, roles and runtimes; the program of each is compiled for its
/// own types.
#[macro_export]
macro_rules! contenders {
    ($($name:literal: $role:ident, $runtime:ident, $run:path;)*) => {
        vec![$($crate::contender::Contender {
            name: $name,
            role: pleach_benches::Role::$role,
            runtime: $crate::runtime::Runtime::$runtime,
            bursts: {
                #[inline(never)]
                fn bursts(burst: $crate::child::Burst, operations: u64) {
                    let all = async {
                        for burst in burst.repeat(operations) {
                            assert_eq!($run(burst.children()).await, burst.sum());
                        }
                    };
                    $crate::runtime::Runtime::$runtime.run(all, $crate::contender::never_idle);
                }
                bursts
            },
            nested: {
                #[inline(never)]
                fn nested(operations: u64) {
                    use $crate::contender::{LOWEST, WIDTH};
                    let tree = async |lowest: usize| {
                        let middle = |width| $run((0..width).map(|_| $run(LOWEST.children())));
                        let middles = (0..lowest.div_ceil(WIDTH))
                            .map(move |at| middle(WIDTH.min(lowest - at * WIDTH)));
                        assert_eq!($run(middles).await, LOWEST.sum() * lowest as u64);
                    };
                    let all = async {
                        {
                            // It finds the heap as whoever ran before has left it.
                            let _untimed = pleach_benches::Untimed::begin();
                            tree(WIDTH * WIDTH).await;
                        }
                        let mut left = operations as usize / WIDTH;
                        while left > 0 {
                            let lowest = left.min(WIDTH * WIDTH);
                            tree(lowest).await;
                            left -= lowest;
                        }
                    };
                    $crate::runtime::Runtime::$runtime.run(all, $crate::contender::never_idle);
                }
                nested
            },
        },)*]
    };
}
