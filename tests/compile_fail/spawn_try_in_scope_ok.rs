//! An error ends a `try_scope!`.

pub fn main() {
    let result: Result<(), u32> = pleach::block_on(pleach::try_scope!(|s| {
        s.spawn_try(async { Err::<(), u32>(404) });
        Ok(())
    }));
    assert!(result.is_err());
}
