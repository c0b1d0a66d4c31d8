//! How a command ends: what it says, and with which code.

use std::process::ExitCode;

/// The exit codes, for `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed; the message says what, who can fix it, and what next
  2  wrong use: an unknown option, or a mistake in the configuration or the rules
  3  done, but not wholly: something was left out or does not hold, and each is named";

/// A command that did not succeed.
#[derive(Debug)]
pub struct Failed {
    message: String,
    code: u8,
}

impl Failed {
    /// Exit code 1, with what to tell.
    pub fn new(message: impl Into<String>) -> Self {
        Failed { message: message.into(), code: 1 }
    }

    /// Exit code 2: the user's input, the configuration or the rules are wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Failed { message: message.into(), code: 2 }
    }

    /// Exit code 3: done, with something named that is not.
    pub fn partly(message: impl Into<String>) -> Self {
        Failed { message: message.into(), code: 3 }
    }

    /// Tells the user and gives the code.
    pub fn report(&self) -> ExitCode {
        if !self.message.is_empty() {
            eprintln!("filmdesk: {}", self.message);
        }
        ExitCode::from(self.code)
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<crate::config::ConfigFault> for Failed {
    fn from(fault: crate::config::ConfigFault) -> Self {
        Failed::usage(fault.to_string())
    }
}

impl From<filmdesk_store::StoreError> for Failed {
    fn from(error: filmdesk_store::StoreError) -> Self {
        Failed::new(error.to_string())
    }
}
