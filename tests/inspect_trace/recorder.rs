//! The ring of events.

use std::{sync::Arc, thread, time::Duration};

use pleach::{
    inspect::{End, Event, NodeId, NodeKind, Observer, Record, Recorder, Subject},
    runtime::StdTimer,
    scope,
    time::{Clock, Instant, ManualClock, sleep},
};

fn subject(number: usize) -> Subject<'static> {
    Subject::new(NodeId::new(0, number), NodeKind::Child).with_parent(NodeId::new(0, 0))
}

#[test]
fn it_keeps_the_last_and_counts_the_others() {
    let recorder = Recorder::new(StdTimer, 3);
    for number in 1..=5 {
        assert_eq!(recorder.records().len(), (number - 1).min(3));
        recorder.event(&subject(number), Event::Woken);
    }
    let numbers = |records: Vec<Record>| -> Vec<_> {
        records.iter().map(|record| record.id().number()).collect()
    };
    assert_eq!(numbers(recorder.records()), [3, 4, 5]);
    assert_eq!(recorder.overwritten(), 2);
    assert_eq!(
        recorder.records()[0].subject().parent(),
        Some(NodeId::new(0, 0))
    );
}

/// A clock of which one thread reads earlier times than the other.
struct Skewed;

impl Clock for Skewed {
    fn now(&self) -> Instant {
        let is_late = thread::current().name() == Some("late");
        Instant::from_nanos(if is_late { 5 } else { 10 })
    }
}

#[test]
fn times_never_go_back_and_threads_are_told_apart() {
    let recorder = Recorder::new(Skewed, 10);
    recorder.event(&subject(1), Event::PollBegun);
    let late = thread::Builder::new().name("late".to_owned());
    thread::scope(|s| {
        let told = || recorder.event(&subject(2), Event::PollBegun);
        late.spawn_scoped(s, told).unwrap();
    });
    let records = recorder.records();
    assert_eq!(records[0].at(), records[1].at());
    assert_ne!(records[0].thread(), records[1].thread());
    assert_eq!(records[0].event(), Event::PollBegun);
}

#[test]
fn many_threads_may_tell_and_one_may_read_meanwhile() {
    let recorder = Recorder::new(StdTimer, 64);
    let (threads, events) = (4, 1000);
    thread::scope(|s| {
        for number in 0..threads {
            let recorder = &recorder;
            s.spawn(move || {
                for _ in 0..events {
                    recorder.event(&subject(number), Event::Woken);
                }
            });
        }
        for _ in 0..100 {
            let records = recorder.records();
            assert!(records.len() <= 64);
            assert!(records.is_sorted_by_key(Record::at));
        }
    });
    assert_eq!(recorder.overwritten(), (threads * events - 64) as u64);
}

#[test]
fn its_times_are_those_of_the_clock() {
    let clock = Arc::new(ManualClock::new());
    let recorder = Arc::new(Recorder::new(clock.clone(), 100));
    clock.run(scope!(observe = recorder.clone(), |s| {
        s.spawn(sleep(&*clock, Duration::from_secs(3)));
    }));
    let ends: Vec<_> = (recorder.records().iter())
        .filter(|record| record.event() == Event::Ended(End::Completed))
        .map(|record| (record.id().to_string(), record.at()))
        .collect();
    let then = Instant::EPOCH + Duration::from_secs(3);
    assert_eq!(ends, [("0#1".to_owned(), then), ("0#0".to_owned(), then)]);
}

#[test]
fn a_timeline_has_the_polls_and_the_waits_of_each() {
    let clock = Arc::new(ManualClock::new());
    let recorder = Arc::new(Recorder::new(clock.clone(), 100));
    clock.run(scope!(observe = recorder.clone(), |s| {
        s.spawn(sleep(&*clock, Duration::from_secs(3))).named("nap");
        s.spawn(async {
            sleep(&*clock, Duration::from_secs(1)).await;
            s.cancel();
        });
    }));
    let picture = recorder.timeline().svg().to_string();
    assert!(
        picture.contains("nap: waiting for 1s, from 0s"),
        "{picture}"
    );
    assert!(
        picture.contains("nap: cancelled for 2s, from 1s"),
        "{picture}"
    );
}
