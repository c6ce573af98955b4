//! Pictures that are in the repository, byte for byte.

use std::{
    env,
    fmt::Display,
    fs,
    path::{Path, PathBuf},
};

/// That the file, relative to the crate, is this picture. With `GOLDEN=overwrite` it is written anew.
#[track_caller]
pub(crate) fn compare(path: &str, picture: impl Display) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let picture = picture.to_string();
    if env::var_os("GOLDEN").is_some_and(|what| what == "overwrite") {
        fs::write(&path, &picture).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    assert!(
        picture == expected,
        "{} differs:\n{picture}",
        path.display()
    );
}
