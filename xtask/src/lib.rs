//! The project's own commands: `cargo xtask tidy` and `cargo xtask ci` (what `make test` calls).

pub mod ci;
pub mod tidy;
