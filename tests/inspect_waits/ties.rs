//! What children hold, and where they send and receive: so it is known for whom others wait.

use std::{future::pending, sync::Arc};

use pleach::{
    Event, Permit, Scope, Semaphore, channel,
    inspect::{TieKind, Ties, Wait},
    oneshot, scope,
    scope::ChildId,
};

use crate::{
    look,
    support::{block_on, yield_now},
    wait_of,
};

fn ties<B, K>(s: &Scope<'_, B, K>, id: ChildId) -> Vec<(TieKind, usize)> {
    let ties = *look(s, id).ties();
    ties.iter().map(|tie| (tie.kind(), tie.address())).collect()
}

fn holds<B, K>(s: &Scope<'_, B, K>, id: ChildId) -> usize {
    let ties = ties(s, id);
    ties.iter()
        .filter(|(kind, _)| *kind == TieKind::Holds)
        .count()
}

/// Two that wait for one another: by addresses alone it is seen who waits for whom.
#[test]
fn a_deadlock_is_a_ring_of_waits_and_ties() {
    let (left, right) = (Semaphore::new(1), Semaphore::new(1));
    let both = async |first: &Semaphore, second: &Semaphore| {
        let _first = first.acquire().await;
        yield_now().await;
        let _second = second.acquire().await;
    };
    block_on(scope!(|s| {
        let children = [s.spawn(both(&left, &right)), s.spawn(both(&right, &left))];
        for _ in 0..2 {
            yield_now().await;
        }
        let ids = children.each_ref().map(pleach::Handle::id);
        let waited_at = |id| wait_of(&s, id).resource().address();
        for (one, other) in [(ids[0], ids[1]), (ids[1], ids[0])] {
            assert_eq!(ties(&s, one), [(TieKind::Holds, waited_at(other))]);
        }
        left.close();
    }));
}

#[test]
fn what_goes_back_is_not_held_any_more() {
    let (semaphore, next) = (Semaphore::new(9), Event::new());
    let step = async || {
        next.wait().await;
        next.reset();
    };
    block_on(scope!(|s| {
        let child = s.spawn(async {
            let mut three = semaphore.acquire_many(3).await.unwrap();
            step().await;
            let part = three.split(1).unwrap();
            step().await;
            drop(part);
            step().await;
            let other = semaphore.acquire().await.unwrap();
            three.merge(other);
            step().await;
            three.forget();
            pending::<()>().await;
        });
        let mut found = Vec::new();
        for _ in 0..5 {
            yield_now().await;
            found.push(holds(&s, child.id()));
            next.set();
        }
        assert_eq!(found, [1, 2, 1, 1, 0]);
        assert_eq!(holds(&s, child.id()), 0);
        child.abort();
    }));
}

#[test]
fn permits_count_for_whoever_has_acquired_them() {
    let semaphore = Semaphore::new(1);
    let (sender, receiver) = channel::bounded::<Permit<'_>>(1);
    block_on(scope!(|s| {
        let giver = s.spawn(async {
            sender
                .send(semaphore.acquire().await.unwrap())
                .await
                .unwrap();
            pending::<()>().await;
        });
        yield_now().await;
        let permit = receiver.recv().await.unwrap();
        assert_eq!(holds(&s, giver.id()), 1);
        drop(permit);
        assert_eq!(holds(&s, giver.id()), 0);
        giver.abort();
    }));
}

/// The child is over when its permit goes back; its memory is there so long.
#[test]
fn permits_may_outlive_the_child_and_the_scope() {
    let semaphore = Arc::new(Semaphore::new(1));
    let permit = block_on(scope!(|s| {
        s.spawn(semaphore.acquire_owned()).await.unwrap().unwrap()
    }));
    assert_eq!(semaphore.available_permits(), 0);
    drop(permit);
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn more_than_there_is_room_for_is_somebodys() {
    let semaphores = [const { Semaphore::new(1) }; Ties::MOST + 2];
    let channel = channel::Channel::<u8, 1>::new();
    block_on(scope!(|s| {
        let child = s.spawn(async {
            // It makes way for what is held.
            channel.send(1).await.unwrap();
            let mut held = Vec::new();
            for semaphore in &semaphores {
                held.push(semaphore.acquire().await.unwrap());
            }
            yield_now().await;
            held.drain(1..3);
            channel.recv().await.unwrap();
            pending::<()>().await;
        });
        yield_now().await;
        assert_eq!(holds(&s, child.id()), Ties::MOST);
        yield_now().await;
        let kinds = ties(&s, child.id());
        let received = kinds.iter().filter(|tie| tie.0 == TieKind::Received);
        assert_eq!((kinds.len(), received.count()), (3, 1));
        assert_eq!(holds(&s, child.id()), 2);
        child.abort();
    }));
}

#[test]
fn senders_and_receivers_are_known_where_others_wait() {
    let (requests, answers) = (
        channel::Channel::<u8, 1>::new(),
        channel::Channel::<u8, 1>::new(),
    );
    block_on(scope!(|s| {
        let server = s.spawn(async {
            let request = requests.recv().await.unwrap();
            answers.send(request).await.unwrap();
            pending::<()>().await;
        });
        let client = s.spawn(async {
            requests.send(1).await.unwrap();
            answers.recv().await.unwrap();
            answers.recv().await.unwrap();
        });
        for _ in 0..3 {
            yield_now().await;
        }
        let (server_ties, client_ties) = (ties(&s, server.id()), ties(&s, client.id()));
        let awaited = wait_of(&s, client.id()).resource().address();
        assert!(server_ties.contains(&(TieKind::Sent, awaited)));
        assert!(client_ties.contains(&(TieKind::Received, awaited)));
        let requested = server_ties
            .iter()
            .find(|tie| tie.0 == TieKind::Received)
            .unwrap()
            .1;
        assert!(client_ties.contains(&(TieKind::Sent, requested)));
        server.abort();
        client.abort();
    }));
}

#[test]
fn reservations_and_all_at_once_are_ties_too() {
    let channels = [const { channel::Channel::<u8, 2>::new() }; 2];
    let [reserved, all] = &channels;
    block_on(scope!(|s| {
        let child = s.spawn(async {
            drop(reserved.send_end().reserve().await);
            all.send_end().send_all([1, 2]).await.unwrap();
            pending::<()>().await;
        });
        yield_now().await;
        let found: Vec<_> = ties(&s, child.id()).iter().map(|tie| tie.0).collect();
        assert_eq!(found, [TieKind::Sent; 2]);
        child.abort();
    }));
}

/// Two waits for the same thing have the same address, and others have another.
#[test]
fn resources_are_told_apart_by_their_addresses() {
    let (one, other) = (Event::new(), Event::new());
    let (_sender, receiver) = oneshot::channel::<()>();
    block_on(scope!(|s| {
        let children = [
            s.spawn(async { one.wait().await }),
            s.spawn(async { one.wait().await }),
            s.spawn(async { other.wait().await }),
            s.spawn(async {
                receiver.await.unwrap_err();
            }),
        ];
        yield_now().await;
        let waits = children.each_ref().map(|child| wait_of(&s, child.id()));
        let [a, b, c, d] = waits
            .each_ref()
            .map(|wait: &Wait| wait.resource().address());
        assert_eq!(a, b);
        assert!(a != c && a != d && c != d);
        children.iter().for_each(pleach::Handle::abort);
    }));
}
