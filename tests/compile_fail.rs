//! Programs that must not compile, with what the compiler says, each beside a twin that does.
//!
//! `compile_fail/NAME.rs` is refused with `NAME.stderr`; `NAME_ok.rs` differs from it as
//! little as possible, compiles and runs (as a module of this file), so that the refusal is for the
//! reason claimed and not for a slip. Messages change from one compiler to the next: they are
//! compared on the one below, others run the twins alone. After a change that is meant, or for another compiler:
//! `TRYBUILD=overwrite cargo test --test compile_fail`, then read the difference.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The compiler whose messages are checked in.
const COMPILER: &str = "rustc 1.95.";

/// The programs of the suite: those to be refused, and their twins.
fn programs() -> (BTreeSet<PathBuf>, BTreeSet<PathBuf>) {
    // Relative: cargo runs tests in the directory of their package.
    fs::read_dir("tests/compile_fail")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .partition(|path| !is_twin(path))
}

fn is_twin(path: &Path) -> bool {
    path.to_string_lossy().ends_with("_ok.rs")
}

fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().unwrap();
    String::from_utf8(version.stdout).unwrap()
}

macro_rules! twins {
    ($($name:ident,)*) => {
        #[path = "compile_fail"]
        mod twins {
            #![allow(clippy::all, dead_code, unreachable_pub, reason = "each is a program of its own")]
            $(pub(super) mod $name;)*
        }

        /// Each twin by its name.
        const TWINS: &[(&str, fn())] = &[$((stringify!($name), || { twins::$name::main(); })),*];
    };
}

twins! {
    acquire_is_not_unpin_ok,
    acquire_outlives_semaphore_ok,
    admits_is_sealed_ok,
    blocking_body_local_ok,
    blocking_output_outlives_env_ok,
    blocking_scope_outlives_env_ok,
    blocking_shorter_env_ok,
    body_local_ok,
    child_borrows_handle_ok,
    child_takes_the_only_handle_ok,
    env_after_driver_ok,
    env_dropped_before_driver_ok,
    env_dropped_before_run_ok,
    event_moved_under_wait_ok,
    group_env_dropped_while_running_ok,
    group_results_outlive_env_ok,
    group_shorter_spawner_ok,
    group_spawner_shorter_borrow_ok,
    handle_in_static_ok,
    handle_in_thread_local_ok,
    handle_of_another_output_ok,
    handle_of_rc_is_not_send_ok,
    handle_of_rc_is_not_sync_ok,
    handle_outlives_output_ok,
    local_driver_is_not_send_ok,
    local_handle_is_not_send_ok,
    local_handle_is_not_sync_ok,
    local_scope_is_not_send_ok,
    longer_env_ok,
    loop_variable_ok,
    member_outlives_group_ok,
    output_outlives_env_ok,
    par_child_borrows_ok,
    par_future_borrows_ok,
    par_shared_borrows_ok,
    permit_outlives_semaphore_ok,
    rc_across_await_ok,
    rc_as_error_ok,
    rc_as_output_ok,
    rc_as_result_ok,
    rc_in_body_ok,
    rc_in_child_ok,
    rc_in_group_ok,
    rc_in_par_child_ok,
    rc_in_spawner_ok,
    rc_in_try_child_ok,
    returned_borrow_ok,
    semaphore_assigned_under_permit_ok,
    semaphore_moved_under_acquire_ok,
    semaphore_moved_under_permit_ok,
    shorter_borrow_by_clone_ok,
    shorter_borrow_by_function_ok,
    shorter_env_of_driver_ok,
    shorter_env_ok,
    shorter_error_ok,
    spawn_try_in_scope_ok,
    spawn_try_of_another_error_ok,
    two_mutable_borrows_ok,
    use_before_awaited_ok,
    use_while_borrowed_ok,
    wait_outlives_barrier_ok,
}

#[test]
fn what_must_be_refused_is_refused() {
    let compiler = compiler();
    if !compiler.starts_with(COMPILER) {
        println!("messages are compared with those of {COMPILER}*, this is {compiler}");
        return;
    }
    let cases = trybuild::TestCases::new();
    for program in programs().0 {
        cases.compile_fail(program);
    }
}

#[test]
fn twins_run() {
    for (name, twin) in TWINS {
        println!("{name}");
        twin();
    }
}

#[test]
fn every_case_has_its_message_and_its_twin() {
    let (refused, twins) = programs();
    assert!(!refused.is_empty());
    for program in &refused {
        let message = program.with_extension("stderr");
        assert!(message.is_file(), "there is no {}", message.display());
    }
    let named: BTreeSet<_> = refused
        .iter()
        .map(|program| {
            let name = program.file_stem().unwrap().to_string_lossy();
            program.with_file_name(format!("{name}_ok.rs"))
        })
        .collect();
    assert_eq!(named, twins);
    let run: BTreeSet<_> = TWINS
        .iter()
        .map(|(name, _)| {
            Path::new("tests/compile_fail")
                .join(name)
                .with_extension("rs")
        })
        .collect();
    assert_eq!(run, twins);
}
