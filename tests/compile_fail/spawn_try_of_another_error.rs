//! The error of a child must be that of its scope.

pub fn main() {
    let result = pleach::block_on(pleach::try_scope!(|s| -> String {
        s.spawn_try(async { Err::<(), _>(404) });
        Ok(())
    }));
    assert!(result.is_err());
}
