//! The error of a child is that of its scope.

pub fn main() {
    let result = pleach::block_on(pleach::try_scope!(|s| -> String {
        s.spawn_try(async { Err::<(), _>(String::from("404")) });
        Ok(())
    }));
    assert!(result.is_err());
}
