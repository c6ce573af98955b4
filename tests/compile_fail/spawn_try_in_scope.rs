//! No error ends a plain scope.

pub fn main() {
    let result: Result<(), u32> = pleach::block_on(pleach::scope!(|s| {
        s.spawn_try(async { Err::<(), u32>(404) });
        Ok(())
    }));
    assert!(result.is_err());
}
