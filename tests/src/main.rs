//! The binary under test: kdyno itself, built with the tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    control::main(std::env::args_os())
}
