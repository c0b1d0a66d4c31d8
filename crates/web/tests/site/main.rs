//! The two sites, driven through their routers: one binary, because linking the papers' typesetter is slow.

mod api;
mod applicant;
mod common;
mod counter;
mod fences;
mod locales;
