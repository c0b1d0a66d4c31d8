//! The certificate files of a listener: read, matched with each other, and still valid; what is wrong is said with the remedy.

use crate::serve::{ServeError, TlsFiles};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls_pki_types::pem::{Error as PemError, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

impl TlsFiles {
    /// Whether a listener could use these files at `now`, and until when: the end of the certificate's validity.
    ///
    /// # Errors
    /// [`ServeError::Tls`] names the file, what is wrong with it, and what to do.
    pub fn check(&self, now: Timestamp) -> Result<Timestamp, ServeError> {
        let (chain, key) = self.read()?;
        self.config(chain.clone(), key)?;
        let wrong = |what: String| ServeError::Tls(self.certificate.clone(), what);
        let Some((begins, ends)) = chain.first().and_then(|first| validity(first)) else {
            return Err(wrong("its dates cannot be read; give another certificate".to_owned()));
        };
        if now > ends {
            return Err(wrong(format!("the certificate ended on {ends}; renew it")));
        }
        if now < begins {
            return Err(wrong(format!("the certificate begins on {begins}; check this machine's clock, or wait")));
        }
        Ok(ends)
    }

    /// What a listener speaks HTTPS with.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, ServeError> {
        let (chain, key) = self.read()?;
        let mut config = self.config(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), ServeError> {
        let chain: Vec<CertificateDer> = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .map_err(|e| unusable(&self.certificate, &e, "certificate"))?;
        if chain.is_empty() {
            return Err(unusable(&self.certificate, &PemError::NoItemsFound, "certificate"));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|e| unusable(&self.key, &e, "private key"))?;
        Ok((chain, key))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "rustls may add errors; their own words serve")]
    fn config(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<rustls::ServerConfig, ServeError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => {
                    let what = "it is not the key of the certificate; give the key the certificate was made with";
                    ServeError::Tls(self.key.clone(), what.to_owned())
                }
                other => {
                    ServeError::Tls(self.certificate.clone(), format!("{other}; give another certificate and key"))
                }
            })
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the PEM reader may add errors; their own words serve")]
fn unusable(path: &Path, error: &PemError, what: &str) -> ServeError {
    let said = match error {
        PemError::Io(error) => {
            format!("the {what} cannot be read: {error}; check the path, and that this account may read the file")
        }
        PemError::NoItemsFound => format!("there is no {what} in it; give it as PEM (-----BEGIN …)"),
        other => format!("the {what} is no PEM: {other}; give it as PEM (-----BEGIN …)"),
    };
    ServeError::Tls(path.to_owned(), said)
}

/// When a certificate begins and ends: the fifth part of its `tbsCertificate`, RFC 5280 §4.1.2.5.
fn validity(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xA0;
    let (tag, whole, _) = element(certificate)?;
    let (_, to_be_signed, _) = element(whole).filter(|_| tag == SEQUENCE)?;
    let mut rest = to_be_signed;
    if *rest.first()? == VERSION {
        rest = element(rest)?.2;
    }
    // Serial number, signature algorithm, issuer.
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (tag, validity, _) = element(rest)?;
    let (begins_tag, begins, after) = element(validity).filter(|_| tag == SEQUENCE)?;
    let (ends_tag, ends, _) = element(after)?;
    Some((moment(begins_tag, begins)?, moment(ends_tag, ends)?))
}

/// The first element of some DER: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        short if *short < 0x80 => (usize::from(*short), rest),
        0x81..=0x84 => {
            let (len, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (len.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(len)?;
    Some((*tag, content, after))
}

/// `UTCTime` (two digits of the year: from 50 on the last century) or `GeneralizedTime`, both in UTC.
fn moment(tag: u8, text: &[u8]) -> Option<Timestamp> {
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;
    let text = std::str::from_utf8(text).ok()?;
    let text = match tag {
        UTC_TIME if text.get(..2)? >= "50" => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let local = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    local.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}
