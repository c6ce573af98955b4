//! What is measured, written once for both builds of the crate.

/// The programs over one build, as a module.
macro_rules! programs {
    ($module:ident, $build:ident) => {
        pub(crate) mod $module {
            use std::{
                future::Future,
                pin::Pin,
                sync::Arc,
                task::{Context, Waker},
            };

            use pleach_benches::{Workload, block_on};
            pub(crate) use $build::Semaphore;
            use $build::scope::{Scope, scope};

            type Boxed<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

            /// Spawns `n` children that are ready at once, in scopes of some hundreds, and awaits them.
            pub(crate) fn children<F>(n: u64, child: impl Fn(u64) -> F)
            where
                F: Future<Output = u64> + Send,
            {
                for _ in 0..n / Workload::MULTIPLE {
                    block_on($build::scope!(|s| {
                        for i in 0..Workload::MULTIPLE {
                            s.spawn(child(i));
                        }
                    }));
                }
            }

            /// Two children wait for one another in turn, `n` times in all.
            pub(crate) fn waits(
                n: u64,
                task: impl Fn(Boxed<'_>) -> Boxed<'_>,
                wait: impl AsyncFn(&Semaphore),
            ) {
                let (ping, pong) = (Semaphore::new(1), Semaphore::new(0));
                let side = async |own: &Semaphore, other: &Semaphore| {
                    for _ in 0..n / 2 {
                        wait(own).await;
                        other.add_permits(1);
                    }
                };
                block_on($build::local_scope!(|s| {
                    s.spawn(task(Box::pin(side(&ping, &pong))));
                    s.spawn(task(Box::pin(side(&pong, &ping))));
                }));
            }

            /// Children that wait for permits which never come.
            pub(crate) struct Parked {
                #[allow(dead_code, reason = "only one of the builds can look")]
                pub(crate) scope: Scope<'static>,
                _running: Boxed<'static>,
            }

            impl Parked {
                pub(crate) fn new<F>(many: usize, child: impl Fn(Arc<Semaphore>) -> F) -> Self
                where
                    F: Future<Output = ()> + Send + 'static,
                {
                    let permits = Arc::new(Semaphore::new(0));
                    let (driver, scope) = scope();
                    for _ in 0..many {
                        scope.spawn(child(Arc::clone(&permits)));
                    }
                    let mut running: Boxed<'static> = Box::pin(driver.run(async {}));
                    while permits.waiters() < many {
                        let polled = running
                            .as_mut()
                            .poll(&mut Context::from_waker(Waker::noop()));
                        assert!(polled.is_pending());
                    }
                    Self {
                        scope,
                        _running: running,
                    }
                }
            }
        }
    };
}

programs!(off, pleach);
programs!(on, pleach_inspected);
