//! The command line's entry point.

use std::process::ExitCode;

fn main() -> ExitCode {
    compose_playground::cli::main()
}
