//! The two listeners: plain on loopback, HTTPS by certificate files, or plain to a named proxy that speaks HTTPS.

use crate::{AppState, router_public, router_staff};
use axum::Router;
use axum::extract::ConnectInfo;
use filmdesk_desk::Clock;
use filmdesk_policy::Rules;
use filmdesk_store::Store;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// Everything `web` is given.
#[derive(Clone)]
pub struct WebConfig {
    /// Where everything is kept.
    pub store: Store,
    /// The hospital's rules.
    pub rules: Arc<Rules>,
    /// The desk's clock.
    pub clock: Arc<dyn Clock>,
    /// A demonstration desk: a banner on each page says so.
    pub demo: bool,
    /// For applicants.
    pub public: Listener,
    /// For staff.
    pub staff: Listener,
    /// Proxies that speak HTTPS for us. When named, connections from anybody else are refused.
    pub trusted_proxies: Vec<IpAddr>,
}

/// Where a site listens.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// HTTPS by these files.
    pub tls: Option<TlsFiles>,
}

/// A certificate chain and its key, as PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Why the sites cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Patients' data would cross a network in the clear.
    #[error(
        "{0} is not a loopback address: give the listener a certificate and key, or name the proxy that speaks HTTPS in \
         `trusted_proxies`"
    )]
    PlainHttp(SocketAddr),
    /// The address is taken, or is not ours.
    #[error("cannot listen on {0}: {1}")]
    Bind(SocketAddr, std::io::Error),
    /// The certificate or key cannot be used.
    #[error("{0}: {1}")]
    Tls(PathBuf, String),
    /// The rules name a time zone that does not exist.
    #[error("the hospital's time zone {0:?} is unknown: {1}")]
    TimeZone(String, String),
}

/// How long open connections may take to finish after the end was asked for.
const GRACE: Duration = Duration::from_secs(10);

/// How long a client may take to say what it wants.
const HEADER_TIME: Duration = Duration::from_secs(10);

/// The pages as they are now: each request is answered by one set of rules from its start to its end.
type Pages = watch::Receiver<Router>;

struct Site {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    address: SocketAddr,
    pages: Pages,
}

/// Both sites, listening and not yet answering.
pub struct Server {
    public: Site,
    staff: Site,
    proxies: Arc<[IpAddr]>,
    rules: RulesInForce,
}

/// Takes up other rules while the sites answer.
#[derive(Clone)]
pub struct RulesInForce {
    public: (AppState, watch::Sender<Router>),
    staff: (AppState, watch::Sender<Router>),
}

impl RulesInForce {
    /// From the next request on these rules hold, on both sites. What was quoted keeps the tariff it was made with.
    ///
    /// # Errors
    /// Their time zone is unknown.
    pub fn take_up(&self, rules: &Arc<Rules>) -> Result<(), ServeError> {
        let public = self.public.0.with_rules(Arc::clone(rules))?;
        let staff = self.staff.0.with_rules(Arc::clone(rules))?;
        self.staff.0.say_of_rules(None);
        self.public.1.send_modify(|pages| *pages = router_public(public));
        self.staff.1.send_modify(|pages| *pages = router_staff(staff));
        Ok(())
    }

    /// The rules read again were wrong and the old ones hold: the counter says so until good ones are taken up.
    pub fn refuse(&self, mistakes: &str) {
        self.staff.0.say_of_rules(Some(mistakes));
    }
}

/// Serves both sites until `shutdown`.
///
/// # Errors
/// As [`Server::bind`].
pub async fn serve(config: WebConfig, shutdown: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
    Server::bind(config).await?.run(shutdown).await;
    Ok(())
}

impl Server {
    /// Takes both addresses.
    ///
    /// # Errors
    /// An address is taken, a certificate is unreadable, or plain HTTP would leave the machine.
    pub async fn bind(config: WebConfig) -> Result<Server, ServeError> {
        let proxies: Arc<[IpAddr]> = config.trusted_proxies.into();
        let mut state = AppState::new(config.store, config.rules, config.clock, config.demo)?;
        state.trusted_proxies = proxies.clone();
        let https = |listener: &Listener| listener.tls.is_some() || !proxies.is_empty();
        let public_state = AppState { secure: https(&config.public), ..state.clone() };
        let staff_state = AppState { secure: https(&config.staff), ..state };
        let (public_pages, public) = watch::channel(router_public(public_state.clone()));
        let (staff_pages, staff) = watch::channel(router_staff(staff_state.clone()));
        Ok(Server {
            public: Site::bind(config.public, public, &proxies).await?,
            staff: Site::bind(config.staff, staff, &proxies).await?,
            proxies,
            rules: RulesInForce { public: (public_state, public_pages), staff: (staff_state, staff_pages) },
        })
    }

    /// What takes up other rules while the sites answer.
    pub fn rules(&self) -> RulesInForce {
        self.rules.clone()
    }

    /// Where applicants go, such as `http://127.0.0.1:8080`.
    pub fn public_url(&self) -> String {
        self.public.url()
    }

    /// Where staff go.
    pub fn staff_url(&self) -> String {
        self.staff.url()
    }

    /// Answers until `shutdown`, then lets what is under way finish within ten seconds.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let (stop, stopped) = watch::channel(false);
        let public = self.public.run(stopped.clone(), self.proxies.clone());
        let staff = self.staff.run(stopped, self.proxies);
        let end = async {
            shutdown.await;
            let _ = stop.send(true);
        };
        tokio::join!(public, staff, end);
    }
}

impl Site {
    async fn bind(listener: Listener, pages: Pages, proxies: &[IpAddr]) -> Result<Site, ServeError> {
        if !listener.address.ip().is_loopback() && listener.tls.is_none() && proxies.is_empty() {
            return Err(ServeError::PlainHttp(listener.address));
        }
        let tls = listener.tls.as_ref().map(TlsFiles::acceptor).transpose()?;
        let bound = TcpListener::bind(listener.address).await.map_err(|e| ServeError::Bind(listener.address, e))?;
        let address = bound.local_addr().map_err(|e| ServeError::Bind(listener.address, e))?;
        Ok(Site { listener: bound, tls, address, pages })
    }

    fn url(&self) -> String {
        format!("{}://{}", if self.tls.is_some() { "https" } else { "http" }, self.address)
    }

    async fn run(self, mut stopped: watch::Receiver<bool>, proxies: Arc<[IpAddr]>) {
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = stopped.wait_for(|stop| *stop) => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: wait for some to come back.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            if !proxies.is_empty() && !proxies.contains(&peer.ip()) && !peer.ip().is_loopback() {
                continue;
            }
            let _ = stream.set_nodelay(true);
            let pages = self.pages.clone();
            let watcher = graceful.watcher();
            match self.tls.clone() {
                None => {
                    tokio::spawn(connection(stream, peer, pages, watcher));
                }
                Some(tls) => {
                    tokio::spawn(async move {
                        if let Ok(Ok(stream)) = tokio::time::timeout(HEADER_TIME, tls.accept(stream)).await {
                            connection(stream, peer, pages, watcher).await;
                        }
                    });
                }
            }
        }
        drop(self.listener);
        let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    }
}

async fn connection<S>(stream: S, peer: SocketAddr, pages: Pages, watcher: hyper_util::server::graceful::Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = tower::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = pages.borrow().clone();
        router.oneshot(request.map(axum::body::Body::new))
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIME);
    builder.http2().timer(TokioTimer::new());
    let serving = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    if let Err(error) = watcher.watch(serving.into_owned()).await {
        tracing::debug!(%error, "a connection ended early");
    }
}
