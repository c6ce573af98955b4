//! An event can move when nobody waits for it any more.

pub fn main() {
    let event = pleach::Event::new();
    let wait = Box::pin(event.wait());
    drop(wait);
    drop(event);
}
