//! Values.

use pleach::cancel::{Key, Values};

static ID: Key<u64> = Key::new("id");
static OTHER_ID: Key<u64> = Key::new("id");
static NAME: Key<String> = Key::new("name");

#[test]
fn values_are_found_by_their_key_and_the_last_one_counts() {
    let name = String::from("ada");
    let nothing = Values::empty();
    assert_eq!(nothing.get(&ID), None);
    let outer = nothing.with(&ID, &1);
    let named = outer.with(&NAME, &name);
    let inner = named.with(&ID, &2);
    assert_eq!(inner.get(&ID), Some(&2));
    assert_eq!(outer.get(&ID), Some(&1));
    assert_eq!(inner.get(&NAME).unwrap(), "ada");
    assert_eq!(inner.get(&OTHER_ID), None, "of the same name");
    assert_eq!(format!("{inner:?}"), r#"["id", "name", "id"]"#);
}

#[test]
fn values_may_be_used_by_other_threads_and_outlive_the_links() {
    let id = 7;
    let nothing = Values::empty();
    let found = {
        let values = nothing.with(&ID, &id);
        std::thread::scope(|s| s.spawn(|| values.get(&ID)).join().unwrap())
    };
    assert_eq!(found, Some(&7));
}

#[test]
fn keys_have_names() {
    assert_eq!(ID.name(), "id");
    assert_eq!(format!("{ID:?}"), r#"Key("id")"#);
}
