fn main() {
    // The entry point and the allocator come from the C library; nothing else does.
    println!("cargo::rustc-link-lib=c");
    println!("cargo::rerun-if-changed=build.rs");
}
