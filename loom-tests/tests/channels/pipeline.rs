//! Pipelines that another thread ends, under every interleaving.

use crate::explore::Explore;
use loom::{future::block_on, thread};
use pleach_loom::{channel::bounded, pipeline::Pipeline, try_scope};

/// The watch of the pipeline against a flow that begins at that very moment: who comes later closes
/// the channel.
#[test]
fn an_error_from_another_thread_leaves_no_channel_open_and_no_item_unsaid() {
    let reason = "without a bound it does not end within minutes";
    Explore::new()
        .preemption_bound(2, reason)
        .run(&["received", "unprocessed"], || {
            let (sender, receiver) = bounded(1);
            sender.try_send(1).unwrap();
            let mut received = None;
            let result = block_on(try_scope!(|s| {
                let p = Pipeline::new(&s, 0);
                let other = p.clone();
                let thread = thread::spawn(move || other.fail("torn"));
                let items = p.receive(receiver).filter(|_| true).into_receiver();
                received = items.recv().await.ok();
                thread.join().unwrap();
                // It was closed by now, or the error has ended the body.
                assert!(items.recv().await.is_err());
                Ok(())
            }));
            let failed = result.unwrap_err();
            assert_eq!(failed.errors(), ["torn"]);
            assert!(sender.is_closed());
            match (received, failed.unprocessed()) {
                (Some(1), 0) => "received",
                (None, 1) => "unprocessed",
                other => panic!("{other:?}"),
            }
        });
}
