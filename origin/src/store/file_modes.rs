//! Who else on the machine can get at the data folder and the files of the database.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::sale_file;
use super::views::views_file;

/// What a mode grants to the group and to others.
const OTHERS: u32 = 0o077;

/// Refuses a data folder, or a file of the database in it, that the group or others may read, write or search.
///
/// What buyers entered is in these files. The origin creates them for its own user alone, but a copy, a restore or an
/// earlier release may have left another mode.
pub fn require_private(folder: &Path) -> Result<()> {
    let databases = [sale_file(folder), views_file(folder)];
    let files =
        databases.iter().flat_map(|file| ["db", "db-wal", "db-shm"].map(|extension| file.with_extension(extension)));
    let folders = open_to_others([folder.to_path_buf()])?;
    let files = open_to_others(files.chain([folder.join("log-owner")]))?;
    if folders.is_empty() && files.is_empty() {
        return Ok(());
    }
    let open: Vec<String> =
        folders.iter().chain(&files).map(|(path, mode)| format!("{} (mode {mode:03o})", path.display())).collect();
    let commands = [("700", folders), ("600", files)].into_iter().filter(|(_, paths)| !paths.is_empty());
    let commands: Vec<String> = commands.map(|(mode, paths)| chmod(mode, &paths)).collect();
    bail!(
        "other users of this machine can get at what buyers entered: {}; close it with: {}",
        open.join(", "),
        commands.join(" && ")
    )
}

/// Those of `paths` that exist and grant something to others than their user, with their mode.
fn open_to_others(paths: impl IntoIterator<Item = PathBuf>) -> Result<Vec<(PathBuf, u32)>> {
    let mut open = Vec::new();
    for path in paths {
        match fs::metadata(&path) {
            Ok(found) if found.permissions().mode() & OTHERS != 0 => {
                open.push((path, found.permissions().mode() & 0o777));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("cannot look at {}", path.display())),
        }
    }
    Ok(open)
}

fn chmod(mode: &str, paths: &[(PathBuf, u32)]) -> String {
    let paths: Vec<String> = paths.iter().map(|(path, _)| quoted(&path.display().to_string())).collect();
    format!("chmod {mode} {}", paths.join(" "))
}

/// As a shell takes it for one word.
fn quoted(path: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-".contains(character);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::process::Command;

    use super::*;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_command_of_the_message_closes_a_folder_of_any_name() {
        for name in ["plain", "An's data", "dữ liệu", "$(exit 1)"] {
            let outside = tempfile::tempdir().unwrap();
            let folder = outside.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(sale_file(&folder), "").unwrap();
            set(&folder, 0o750);
            set(&sale_file(&folder), 0o604);
            let message = require_private(&folder).unwrap_err().to_string();
            assert!(message.contains("(mode 750)") && message.contains("(mode 604)"), "{message}");
            let (_, command) = message.split_once("close it with: ").unwrap();
            assert!(Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
            require_private(&folder).unwrap();
        }
    }
}
