//! TLS failures in words: whose certificate, and which date.

use rustls::{AlertDescription, CertificateError, Error};
use std::io;

/// What TLS failed at, without naming the peer: whose certificate, and which date. For other protocols over rustls too.
#[expect(clippy::wildcard_enum_match_arm, reason = "rustls may add errors; their own words serve")]
pub fn words(error: &io::Error) -> String {
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return format!("{error}; does it speak TLS at this port?");
    };
    match error {
        Error::InvalidCertificate(why) => certificate(why),
        Error::NoCertificatesPresented => "it shows no certificate, and one is asked for".to_owned(),
        Error::AlertReceived(AlertDescription::CertificateExpired) => {
            "it says that our certificate has expired".to_owned()
        }
        Error::AlertReceived(AlertDescription::CertificateRequired) => "it asks for a certificate of ours".to_owned(),
        Error::AlertReceived(AlertDescription::UnknownCA) => {
            "it does not trust the authority of our certificate".to_owned()
        }
        Error::AlertReceived(alert) => format!("it ended the handshake ({alert:?}): our certificate may not please it"),
        other => other.to_string(),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "rustls may add errors; their own words serve")]
fn certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("its certificate expired on {}", day(not_after.as_secs()))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("its certificate is not valid before {}", day(not_before.as_secs()))
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            format!("its certificate is for another name ({})", presented.join(", "))
        }
        CertificateError::UnknownIssuer => "its certificate is not of an authority we trust (ca_file)".to_owned(),
        other => format!("its certificate is refused: {other}"),
    }
}

/// Whether a read or write failed because of TLS: with TLS 1.3 a client hears only then that it was refused.
pub fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Error>())
}

/// `YYYY-MM-DD` (UTC) of seconds since 1970.
fn day(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    at.map_or_else(|| "a day after every calendar".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn days_of_the_calendar() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(951_782_400), "2000-02-29");
        assert_eq!(day(1_795_305_600), "2026-11-22");
        assert_eq!(day(u64::MAX), "a day after every calendar");
    }
}
