//! The memory of the board that QEMU emulates for the target.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let (flash, ram) = match env::var("TARGET")?.as_str() {
        "thumbv6m-none-eabi" => ("256K", "16K"), // microbit
        "thumbv7m-none-eabi" => ("4M", "64K"),   // mps2-an385, which has more RAM
        other => return Err(format!("no board is known for the target {other}").into()),
    };
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let regions = format!(
        "MEMORY {{\n  FLASH : ORIGIN = 0, LENGTH = {flash}\n  RAM : ORIGIN = 0x20000000, LENGTH = {ram}\n}}\n"
    );
    fs::write(out.join("memory.x"), regions)?;
    println!("cargo::rustc-link-search={}", out.display());
    Ok(())
}
