use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt as _, path::Path};

/// Creates a data folder for its user alone, as an operator does: the origin starts on no other.
pub fn create_data_folder(folder: &Path) {
    DirBuilder::new().mode(0o700).create(folder).expect("a new folder of data");
}
