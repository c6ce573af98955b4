//! A few children at the same time, without a heap.

use core::{cell::Cell, future::pending, pin::pin};

use pleach::{
    Semaphore,
    join::{join, try_join},
};

use crate::{Platform, tests};

tests![
    all_outputs_of_a_tuple_and_of_an_array,
    the_first_error_drops_the_others_the_newest_first,
];

fn all_outputs_of_a_tuple_and_of_an_array(platform: &Platform) {
    let door = Semaphore::new(0);
    let all = async {
        let (is_open, two, array) = join((
            async { door.acquire_many(2).await.is_ok() },
            async {
                door.add_permits(2);
                2
            },
            join([1, 2, 3].map(|n| async move { n * n })),
        ))
        .await;
        assert_eq!((is_open, two, array), (true, 2, [1, 4, 9]));
    };
    platform.join([pin!(all)]);
}

fn the_first_error_drops_the_others_the_newest_first(platform: &Platform) {
    struct Notes<'a>(&'a Cell<u32>, u32);
    impl Drop for Notes<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() * 10 + self.1);
        }
    }
    let dropped = Cell::new(0);
    let waits = |n| {
        let notes = Notes(&dropped, n);
        async move {
            let _notes = notes;
            pending::<Result<(), u32>>().await
        }
    };
    let all = async {
        let result = try_join((waits(1), waits(2), async { Err::<(), _>(7) }, waits(3))).await;
        assert_eq!((result, dropped.get()), (Err(7), 321));
    };
    platform.join([pin!(all)]);
}
