//! The trace for Perfetto: that it is JSON, and keeps the rules of the format whatever the ring has lost.

use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};

use pleach::{
    block_on, channel,
    inspect::{End, Event, NodeId, NodeKind, Observer, Recorder, Subject, waiting},
    runtime::StdTimer,
    scope,
    time::{ManualClock, sleep},
};
use serde_json::Value;

use crate::support::yield_now;

fn text<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {event}"))
}

fn number(event: &Value, field: &str) -> u64 {
    event[field]
        .as_u64()
        .unwrap_or_else(|| panic!("no {field} in {event}"))
}

/// The events of a trace, which keeps the rules:
///
/// * times do not go back;
/// * slices of a thread, and of the track of a node, end in reverse order of their beginnings, and all do;
/// * arrows begin before they end, both within slices;
/// * processes and threads have names.
fn events<C>(recorder: &Recorder<C>) -> Vec<Value> {
    let mut json = String::new();
    recorder.write_chrome(&mut json).unwrap();
    let trace: Value = serde_json::from_str(&json).unwrap_or_else(|e| panic!("{e}: {json}"));
    let events = trace["traceEvents"].as_array().unwrap().clone();
    let (mut last, mut slices, mut lives) = (0.0, BTreeMap::new(), BTreeMap::new());
    let (mut arrows, mut named) = (BTreeMap::new(), Vec::new());
    for event in &events {
        let thread = (number(event, "pid"), number(event, "tid"));
        if text(event, "ph") == "M" {
            named.push((text(event, "name"), thread));
            continue;
        }
        let at = event["ts"].as_f64().unwrap();
        assert!(at >= last, "{event} goes back");
        last = at;
        assert!(
            named.contains(&("thread_name", thread)) || thread.1 == 0,
            "{event}"
        );
        let processes = named.iter().filter(|(what, _)| *what == "process_name");
        assert_eq!(processes.filter(|(_, of)| of.0 == thread.0).count(), 1);
        let slices: &mut Vec<_> = slices.entry(thread).or_default();
        match text(event, "ph") {
            "B" => slices.push(text(event, "name")),
            "E" => drop(slices.pop().expect("a beginning")),
            "s" => {
                assert!(!slices.is_empty(), "{event} is nowhere");
                assert_eq!(arrows.insert(text(event, "id"), false), None);
            }
            "f" => {
                assert!(!slices.is_empty(), "{event} is nowhere");
                assert_eq!(arrows.insert(text(event, "id"), true), Some(false));
            }
            "b" => {
                let life: &mut Vec<_> = lives.entry((thread.0, text(event, "id"))).or_default();
                life.push(text(event, "name"));
            }
            "e" => {
                let life: &mut Vec<_> = lives.get_mut(&(thread.0, text(event, "id"))).unwrap();
                assert_eq!(life.pop(), Some(text(event, "name")));
            }
            "i" => assert_eq!(text(event, "s"), "p"),
            "n" => {}
            other => panic!("{other}"),
        }
    }
    assert!(slices.values().all(Vec::is_empty), "{slices:?}");
    assert!(lives.values().all(Vec::is_empty), "{lives:?}");
    events
}

fn of<'a>(events: &'a [Value], phase: &str, name: &str) -> Vec<&'a Value> {
    let is_it = |event: &&Value| text(event, "ph") == phase && text(event, "name") == name;
    events.iter().filter(is_it).collect()
}

/// Some of everything; the clock moves at each sleep.
fn program(capacity: usize) -> Arc<Recorder<Arc<ManualClock>>> {
    let clock = Arc::new(ManualClock::new());
    let recorder = Arc::new(Recorder::new(clock.clone(), capacity));
    let (sender, receiver) = channel::bounded(0);
    clock.run(scope!(named = "shop", observe = recorder.clone(), |s| {
        s.spawn(async {
            sleep(&*clock, Duration::from_millis(20)).await;
            sender.send(1).await.unwrap();
            s.cancel();
        })
        .named("baker");
        s.spawn(async {
            let bread = receiver.recv().await;
            scope!(|eats| {
                eats.spawn(waiting(&"\"the\" wire", yield_now()));
            })
            .await;
            bread
        })
        .named("\"guest\"\n");
        s.spawn(std::future::pending::<()>()).named("late").abort();
    }));
    recorder
}

#[test]
fn it_tells_of_all_that_has_happened() {
    let events = events(&program(1000));
    assert_eq!(
        text(&of(&events, "M", "process_name")[0]["args"], "name"),
        "shop 0#0"
    );
    let guest = "\"guest\"\n 0#2";
    assert_eq!(of(&events, "B", guest).len(), 4, "its polls");
    let waits = of(&events, "b", "recv");
    assert_eq!(waits.len(), 1);
    let site = text(&waits[0]["args"], "site");
    assert!(site.starts_with(file!()), "{site}");
    assert_eq!(of(&events, "b", "sleep").len(), 1);
    assert_eq!(of(&events, "b", "\"the\" wire").len(), 1);
    let spawned = of(&events, "b", guest)[0];
    assert_eq!(text(&spawned["args"], "parent"), "0#0");
    assert_eq!(text(&spawned["args"], "kind"), "child");
    let end = |name: &str| text(&of(&events, "e", name)[0]["args"], "end").to_owned();
    assert_eq!(end(guest), "completed");
    assert_eq!(end("late 0#3"), "aborted");
    assert_eq!(end("shop 0#0"), "completed");
    assert_eq!(of(&events, "i", "cancelled shop 0#0").len(), 1);
    let ends = events
        .iter()
        .filter(|event| text(event, "ph") == "f")
        .count();
    assert!(ends >= 8, "spawns, wakes: {ends}");
    let last = events.last().unwrap()["ts"].as_f64().unwrap();
    assert!(
        (last - 20_000.0).abs() < f64::EPSILON,
        "microseconds: {last}"
    );
}

#[test]
fn whatever_the_ring_has_lost_it_keeps_the_rules() {
    let all = program(1000).records().len();
    for capacity in 1..=all {
        let recorder = program(capacity);
        assert_eq!(recorder.overwritten(), (all - capacity) as u64);
        assert!(!events(&recorder).is_empty());
    }
}

#[test]
fn what_goes_on_goes_on_to_the_last_moment() {
    let clock = Arc::new(ManualClock::new());
    let recorder = Arc::new(Recorder::new(clock.clone(), 1000));
    clock.run(scope!(observe = recorder.clone(), |s| {
        s.spawn_daemon(sleep(&*clock, Duration::from_secs(9)));
        sleep(&*clock, Duration::from_secs(1)).await;
        let events = events(&recorder);
        let daemon = of(&events, "e", "daemon 0#1");
        assert_eq!(text(&daemon[0]["args"], "end"), "not yet");
        assert_eq!(of(&events, "e", "sleep").len(), 2);
        assert_eq!(of(&events, "B", "scope 0#0").len(), 2);
    }));
}

#[test]
fn each_tree_is_a_process_also_one_after_the_other() {
    let recorder = Arc::new(Recorder::new(StdTimer, 1000));
    for name in ["first", "second"] {
        block_on(scope!(named = name, observe = recorder.clone(), |s| {
            s.spawn(async {});
        }));
    }
    let names: Vec<_> = (of(&events(&recorder), "M", "process_name").iter())
        .map(|event| {
            (
                number(event, "pid"),
                text(&event["args"], "name").to_owned(),
            )
        })
        .collect();
    assert_eq!(
        names,
        [(1, "first 0#0".to_owned()), (2, "second 0#0".to_owned())]
    );
}

#[test]
fn a_wake_from_another_thread_is_an_arrow_from_there() {
    let recorder = Arc::new(Recorder::new(StdTimer, 1000));
    let (sender, receiver) = pleach::oneshot::channel();
    let other = thread::Builder::new().name("waker".to_owned());
    block_on(scope!(observe = recorder.clone(), |s| {
        let waits = s.spawn(receiver);
        yield_now().await;
        let waker = other.spawn(move || sender.send(()).unwrap()).unwrap();
        waits.await.unwrap().unwrap();
        waker.join().unwrap();
    }));
    let events = events(&recorder);
    let wakes = of(&events, "B", "wake child 0#1");
    assert_eq!(wakes.len(), 1);
    let threads = of(&events, "M", "thread_name");
    let here = threads
        .iter()
        .find(|event| text(&event["args"], "name") == "waker");
    assert_eq!(wakes[0]["tid"], here.unwrap()["tid"]);
}

#[test]
fn by_hand_it_is_exactly_this() {
    let clock = ManualClock::new();
    let recorder = Recorder::new(&clock, 10);
    let top = Subject::new(NodeId::new(0, 0), NodeKind::Scope);
    let child = Subject::new(NodeId::new(0, 1), NodeKind::Child)
        .with_parent(top.id())
        .with_name("one");
    thread::scope(|s| {
        // Its own, so that the thread has no name.
        s.spawn(|| {
            recorder.event(&top, Event::Spawned);
            recorder.event(&child, Event::Spawned);
            clock.advance(Duration::from_nanos(1500));
            recorder.event(&child, Event::PollBegun);
            recorder.event(&child, Event::PollEnded);
            recorder.event(&child, Event::Ended(End::Completed));
        });
    });
    let mut json = String::new();
    recorder.write_chrome(&mut json).unwrap();
    let thread = recorder.records()[0].thread();
    let expected = r#"{"displayTimeUnit":"ns","otherData":{"overwritten":"0"},"traceEvents":[
{"ph":"M","pid":1,"tid":@,"name":"process_name","args":{"name":"scope 0#0"}},
{"ph":"M","pid":1,"tid":@,"name":"thread_name","args":{"name":"thread @"}},
{"ph":"b","pid":1,"tid":@,"ts":0.000,"cat":"node","id":"0x1","name":"scope 0#0","args":{"id":"0#0","kind":"scope"}},
{"ph":"B","pid":1,"tid":@,"ts":0.000,"cat":"spawn","name":"spawn scope 0#0"},
{"ph":"s","pid":1,"tid":@,"ts":0.000,"cat":"wake","name":"wake","id":"0x1"},
{"ph":"E","pid":1,"tid":@,"ts":0.000},
{"ph":"b","pid":1,"tid":@,"ts":0.000,"cat":"node","id":"0x2","name":"one 0#1","args":{"id":"0#1","kind":"child","parent":"0#0"}},
{"ph":"B","pid":1,"tid":@,"ts":0.000,"cat":"spawn","name":"spawn one 0#1"},
{"ph":"s","pid":1,"tid":@,"ts":0.000,"cat":"wake","name":"wake","id":"0x2"},
{"ph":"E","pid":1,"tid":@,"ts":0.000},
{"ph":"B","pid":1,"tid":@,"ts":1.500,"cat":"poll","name":"one 0#1"},
{"ph":"f","pid":1,"tid":@,"ts":1.500,"bp":"e","cat":"wake","name":"wake","id":"0x2"},
{"ph":"E","pid":1,"tid":@,"ts":1.500},
{"ph":"e","pid":1,"tid":@,"ts":1.500,"cat":"node","id":"0x2","name":"one 0#1","args":{"end":"completed"}},
{"ph":"e","pid":1,"tid":0,"ts":1.500,"cat":"node","id":"0x1","name":"scope 0#0","args":{"end":"not yet"}}
]}
"#;
    assert_eq!(json, expected.replace('@', &thread.to_string()));
}
