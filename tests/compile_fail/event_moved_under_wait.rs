//! An event cannot move while somebody waits for it.

pub fn main() {
    let event = pleach::Event::new();
    let wait = Box::pin(event.wait());
    drop(event);
    drop(wait);
}
