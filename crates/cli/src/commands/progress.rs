//! Progress of long work: a bar on a terminal, a line per stage elsewhere.

use filmdesk_production::{Journal, Stage};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Mutex;

/// Progress on standard error.
pub struct Progress {
    terminal: bool,
    now: Mutex<Option<(Stage, u64, ProgressBar)>>,
}

impl Progress {
    /// Looks once whether standard error is a terminal.
    pub fn new() -> Progress {
        Progress { terminal: std::io::stderr().is_terminal(), now: Mutex::new(None) }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some((_, _, bar)) = self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }

    fn bar(&self, stage: Stage, total: u64) -> ProgressBar {
        if !self.terminal {
            eprintln!("{} …", stage.as_str());
            return ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        }
        let template = match stage.unit() {
            "bytes" => "{msg:13} {bar:40} {bytes}/{total_bytes} {eta}",
            _ => "{msg:13} {bar:40} {pos}/{len} {eta}",
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(total).with_style(style).with_message(stage.as_str())
    }
}

impl Journal for Progress {
    fn progress(&self, stage: Stage, done: u64, total: u64) {
        let mut now = self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Each disc writes and reads back anew: another total is another bar.
        let same = now.as_ref().is_some_and(|(s, t, _)| (*s, *t) == (stage, total));
        if !same {
            if let Some((_, _, bar)) = now.take() {
                bar.finish_and_clear();
            }
            *now = Some((stage, total, self.bar(stage, total)));
        }
        if let Some((_, _, bar)) = now.as_ref() {
            bar.set_position(done);
        }
    }

    fn cancelled(&self) -> bool {
        false
    }
}
