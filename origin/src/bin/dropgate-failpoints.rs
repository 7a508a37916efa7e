//! `dropgate` with failpoints compiled in, for the tests of crashes and for nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    origin::cli::main()
}
