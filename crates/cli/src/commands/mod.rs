//! One module a command.

pub mod check;
pub mod disc;
pub mod doctor;
pub mod inspect;
pub mod keep;
pub mod pacs;
pub mod progress;
pub mod quote;
pub mod rules;
pub mod serve;
pub mod user;
pub mod work;
