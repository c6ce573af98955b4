//! Who sends to whom, and on what the tasks run.

use std::{future::Future, pin::Pin};

use pleach_benches::executor;

use crate::subjects::{Answer, Channel, Message, Receives, Sends, Shared};

/// Tasks, to be run to their end.
pub type Tasks = Vec<Pin<Box<dyn Future<Output = ()> + Send>>>;

/// On what tasks run.
#[derive(Clone, Copy)]
pub enum Runtime {
    /// One thread, and an executor of this package.
    Local,
    /// smol's executor, on two threads.
    Smol,
    /// Tokio's, with two workers.
    Tokio,
}

impl Runtime {
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Local, "local"),
        (Self::Smol, "smol"),
        (Self::Tokio, "tokio"),
    ];

    pub fn run(self, tasks: Tasks) {
        match self {
            Self::Local => {
                executor::run(tasks);
            }
            Self::Smol => smol(tasks),
            Self::Tokio => tokio(tasks),
        }
    }
}

fn smol(tasks: Tasks) {
    use std::sync::LazyLock;

    static EXECUTOR: LazyLock<&async_executor::Executor<'static>> = LazyLock::new(|| {
        let executor: &_ = Box::leak(Box::new(async_executor::Executor::new()));
        for _ in 0..2 {
            std::thread::spawn(|| {
                futures_lite::future::block_on(executor.run(std::future::pending::<()>()))
            });
        }
        executor
    });
    let tasks: Vec<_> = tasks.into_iter().map(|task| EXECUTOR.spawn(task)).collect();
    futures_lite::future::block_on(async {
        for task in tasks {
            task.await;
        }
    });
}

fn tokio(tasks: Tasks) {
    use std::sync::LazyLock;

    static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).build().expect("a runtime")
    });
    RUNTIME.block_on(async {
        let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
        for task in tasks {
            task.await.expect("no panic");
        }
    });
}

fn sender<M: Message>(sender: impl Sends<M>, messages: u64) -> impl Future<Output = ()> + Send {
    async move {
        for n in 0..messages {
            sender.send_one(M::of(n)).await;
        }
    }
}

/// It counts, since one of the peers cannot be closed.
fn receiver<M: Message>(
    mut receiver: impl Receives<M>,
    messages: u64,
) -> impl Future<Output = ()> + Send {
    async move {
        let mut sum = 0_u64;
        for _ in 0..messages {
            let message = receiver.recv_one().await.answer().expect("it is open");
            sum = sum.wrapping_add(message.number());
        }
        std::hint::black_box(sum);
    }
}

/// Several send to one.
pub fn to_one<M: Message, C: Channel<M>>(capacity: usize, senders: u64, messages: u64) -> Tasks {
    let (end, other) = C::new(capacity);
    let each = messages / senders;
    let mut tasks: Tasks = vec![Box::pin(receiver(other, each * senders))];
    for _ in 0..senders {
        tasks.push(Box::pin(sender(end.clone(), each)));
    }
    tasks
}

/// Four send to four.
pub fn four_to_four<M: Message, C: Shared<M>>(capacity: usize, messages: u64) -> Tasks {
    let (end, other) = C::new(capacity);
    let mut tasks: Tasks = Vec::new();
    for _ in 0..4 {
        tasks.push(Box::pin(receiver(C::another(&other), messages / 4)));
        tasks.push(Box::pin(sender(end.clone(), messages / 4)));
    }
    tasks
}

/// Two tasks and two channels: one asks, the other answers.
pub fn ping_pong<M: Message, C: Channel<M>>(capacity: usize, messages: u64) -> Tasks {
    let (ask, mut asked) = C::new(capacity);
    let (answer, mut answers) = C::new(capacity);
    vec![
        Box::pin(async move {
            for n in 0..messages {
                ask.send_one(M::of(n)).await;
                answers.recv_one().await.answer();
            }
        }),
        Box::pin(async move {
            for _ in 0..messages {
                let message = asked.recv_one().await.answer().expect("it is open");
                answer.send_one(message).await;
            }
        }),
    ]
}

/// One task that fills a channel and empties it.
pub fn fill_and_drain<M: Message, C: Channel<M>>(capacity: usize, messages: u64) -> Tasks {
    let (end, mut other) = C::new(capacity);
    vec![Box::pin(async move {
        let mut left = messages;
        while left > 0 {
            let some = left.min(capacity as u64);
            for n in 0..some {
                end.send_one(M::of(n)).await;
            }
            for _ in 0..some {
                other.recv_one().await.answer();
            }
            left -= some;
        }
    })]
}
