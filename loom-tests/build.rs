//! Sets `cfg(loom)` for this package alone, and with its feature `lock-only` the cfg that
//! stands for targets without compare-and-swap.

fn main() {
    println!("cargo::rustc-cfg=loom");
    println!("cargo::rustc-check-cfg=cfg(loom)");
    if std::env::var_os("CARGO_FEATURE_LOCK_ONLY").is_some() {
        println!("cargo::rustc-cfg=pleach_lock_only");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
