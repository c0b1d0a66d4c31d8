//! TLS for DIMSE, from files: the authority we trust, our certificate, our key.
//!
//! TLS 1.2 and 1.3 with authenticated encryption only, and no fall-back to a plain connection (BCP 195; PS3.15 B.12). The
//! same files serve both ways: when we call an archive, and when it calls our Storage SCP, which asks for its certificate.

use crate::config::TlsConfig;
use crate::error::ArchiveError;
use filmdesk_dimse::TlsClient;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::path::Path;
use std::sync::Arc;

/// Both sides of it.
pub(crate) struct Tls {
    pub client: TlsClient,
    /// For our Storage SCP; `None` without a certificate of ours.
    pub server: Option<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads the files; `host` is the name the archive's certificate must bear, unless another is configured.
    pub fn read(config: &TlsConfig, host: &str) -> Result<Tls, ArchiveError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let bad = |what: String| ArchiveError::Configuration(format!("tls: {what}"));
        let mut roots = RootCertStore::empty();
        for authority in certificates(&config.ca_file)? {
            roots.add(authority).map_err(|e| bad(format!("{}: {e}", config.ca_file.display())))?;
        }
        let roots = Arc::new(roots);
        let ours = match (&config.certificate_file, &config.key_file) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificates(certificate)?, private_key(key)?)),
            _ => return Err(bad("give certificate_file and key_file, or neither".to_owned())),
        };
        let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|e| bad(e.to_string()))?.with_root_certificates(roots.clone());
        let (client, server) = match ours {
            None => (builder.with_no_client_auth(), None),
            Some((chain, key)) => {
                let client = builder.with_client_auth_cert(chain.clone(), key.clone_key());
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider.clone()).build();
                let verifier = verifier.map_err(|e| bad(e.to_string()))?;
                let server = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
                let server = server.map_err(|e| bad(e.to_string()))?.with_client_cert_verifier(verifier);
                let server = server.with_single_cert(chain, key).map_err(|e| bad(e.to_string()))?;
                (client.map_err(|e| bad(e.to_string()))?, Some(Arc::new(server)))
            }
        };
        let name = config.name.as_deref().unwrap_or(host);
        let server_name = ServerName::try_from(name.to_owned()).map_err(|e| bad(format!("{name}: {e}")))?;
        Ok(Tls { client: TlsClient { config: Arc::new(client), server_name }, server })
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ArchiveError> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if found.is_empty() => Err(unusable(file, "there is no certificate in it")),
        Ok(found) => Ok(found),
        Err(error) => Err(unusable(file, &error.to_string())),
    }
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, ArchiveError> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| unusable(file, &error.to_string()))
}

fn unusable(file: &Path, why: &str) -> ArchiveError {
    ArchiveError::Configuration(format!("{}: {why}", file.display()))
}

#[cfg(test)]
pub(crate) mod tests;
