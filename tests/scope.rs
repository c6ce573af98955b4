//! smoke
use std::task::Poll;
#[test]
fn smoke() {
    let v = vec![1, 2, 3];
    let mut m = 5;
    let r = pleach::block_on(async {
        let r = pleach::scope!(|s| {
            let h = s.spawn(async { v.len() });
            s.spawn(async { m += 1 });
            let k = s.spawn_with(|s| async move { s.spawn(async { 1usize }).await });
            h.await.unwrap() + k.await.unwrap().unwrap()
        })
        .await;
        m += 1;
        r
    });
    assert_eq!((r, m), (4, 7));
}
#[test]
fn many() {
    let n = pleach::block_on(async {
        pleach::scope!(|s| {
            let hs: Vec<_> = (0..10000)
                .map(|i| {
                    s.spawn(async move {
                        let mut y = false;
                        std::future::poll_fn(move |cx| {
                            if std::mem::replace(&mut y, true) {
                                Poll::Ready(())
                            } else {
                                cx.waker().wake_by_ref();
                                Poll::Pending
                            }
                        })
                        .await;
                        i
                    })
                })
                .collect();
            let mut n = 0usize;
            for h in hs {
                n += h.await.unwrap();
            }
            n
        })
        .await
    });
    assert_eq!(n, 49995000);
}
#[test]
fn lend() {
    use std::num::NonZeroUsize;
    fn go(
        s: pleach::Scope<'_>,
        d: usize,
    ) -> std::pin::Pin<Box<dyn Future<Output = usize> + Send + '_>> {
        Box::pin(async move {
            if d == 0 {
                return 1;
            }
            let a = s.spawn(go(s.clone(), d - 1));
            let b = s.spawn(go(s.clone(), d - 1));
            a.await.unwrap() + b.await.unwrap()
        })
    }
    let n = pleach::block_on(async {
        pleach::scope!(limit = NonZeroUsize::MIN, |s| {
            s.spawn(go(s.clone(), 8)).await.unwrap()
        })
        .await
    });
    assert_eq!(n, 256);
}
