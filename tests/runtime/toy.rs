//! The toy of the docs: the same lines.

use pleach::runtime::SpawnBoxed;

use crate::SUITE;

include!("../../src/runtime/toy.rs");

#[test]
fn the_executor_conforms() {
    let toy = Toy::start();
    pleach::block_on(async {
        SUITE.spawn(&toy).await;
        SUITE.fairness(&toy).await;
        SUITE.spawn_from_elsewhere(&toy).await;
    });
}

#[test]
fn it_conforms_as_an_object() {
    let toy: Arc<dyn SpawnBoxed + Send + Sync> = Arc::new(Toy::start());
    pleach::block_on(async {
        SUITE.spawn(&toy).await;
        SUITE.fairness(&toy).await;
        SUITE.spawn_from_elsewhere(&toy).await;
    });
}

#[test]
fn the_timer_conforms() {
    pleach::block_on(SUITE.timer(&ToyTimer));
}
