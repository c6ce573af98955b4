//! On what a contender runs. One thread each.

use std::{future::Future, rc::Rc};

use pleach_benches::executor;

thread_local! {
    static TOKIO: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    static SMOL: Rc<async_executor::LocalExecutor<'static>> = Rc::default();
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// Nothing but the future itself is run: children need no runtime.
    None,
    /// Tokio's, where the contender spawns.
    Tokio,
    /// smol's executor, where the contender spawns.
    Smol,
}

impl Runtime {
    /// Runs `future`; without a runtime `idle` is called when there is nothing to do, and has to
    /// wake somebody.
    pub fn run<F: Future>(self, future: F, idle: impl FnMut()) -> F::Output {
        match self {
            Self::None => executor::block_on_idle(future, idle),
            Self::Tokio => TOKIO.with(|tokio| tokio.block_on(future)),
            Self::Smol => {
                let smol = SMOL.with(Rc::clone);
                executor::block_on(smol.run(future))
            }
        }
    }
}

/// Spawns on smol's executor of this thread.
pub fn smol_spawn<T: 'static>(
    future: impl Future<Output = T> + 'static,
) -> async_executor::Task<T> {
    SMOL.with(|smol| smol.spawn(future))
}
