//! Where people meet the desk: the applicant's site and the counter, each on a listener of its own.
//!
//! `web` shows, checks what was typed, and hands every decision on: amounts, papers and times come from
//! `filmdesk_policy::answer`, what may happen from the transitions of `filmdesk_desk`, and every change is one
//! transaction of `filmdesk_store`. It has no route to an archive: finding, weighing and making are jobs that it only
//! leaves in the store and watches.
//!
//! ```text
//! applicant   /  →  /apply/items → exams → who → people → collect → papers → review → sent      /status
//! counter     /sign-in → /  (queue) → /applications/{number}: verify → tick → weigh → pay → make → release
//! ```
//!
//! Pages are server-rendered and work without JavaScript. Every sentence of a page is a message in `locales/`, in both
//! languages; sentences of the rules come from the rules.
//!
//! # Names a browser test may rely on
//!
//! Every control has an `id`; a text field's `id` is its `name`, a radio button's is `NAME-VALUE`.
//!
//! | Page | Controls and places |
//! |---|---|
//! | every page | `switch-lang`, `switch-text`, `demo-banner`, `error-summary`, `back`, `continue` |
//! | `/` | `start`, `start-over`, `catalogue`, `consent-form` |
//! | `/quote` | per row N: `kind_N`, `count_N`, `disc_N`, `film_N`, `paper_N`, `exam_N`, `report_N`, `unit_N`, …; `more-items`, `ask`; then `answer` (its `data-status` is done, elsewhere or cannot), `answer-json`, `readings` |
//! | `/apply/items` | per kind K: `item_K`, `count_K` |
//! | `/apply/exams` | per kind K and ordinal N: `date_K_N`, `about_K_N`, `unit_K_N`, `dental_K_N-yes`, `psy_K_N`, `outside_K_N` |
//! | `/apply/who` | `capacity-{patient,representative,heir}`, `ward-{minor,guardianship}`, `kinship-…`, `line-…`, `earlier-…`, `agent-{no,yes}`, `inpatient` |
//! | `/apply/people` | `patient_name`, `patient_identity`, `patient_foreign`, `patient_born`, `patient_record_number`, `person_…`, `agent_…`, `phone`, `email` |
//! | `/apply/collect` | `collection-{counter,post,abroad}`, `address`, `purpose` |
//! | `/apply/papers` | `papers`, `lines`, `total`, `continue`, or `cannot` with `violation-CODE` |
//! | `/apply/review` | `send` |
//! | `/apply/sent` | `application-number`, `status-code`, `slip`, `status-link`, `another` |
//! | `/status` | `number`, `code`, `look`; then `status-headline`, `status-steps`, `refresh` |
//! | `/sign-in` | `login`, `password`, `sign-in`; signed in: `signed-in`, `sign-out` |
//! | queue | `scan`, `look`, `tab-STAGE`, `queue` |
//! | application | `application-number`, `stage` (its `data-stage` is the stage's name), `note`, `stop`, `slip`, `receipt`, `audit` |
//! | … verify | per paper D: `seen_D`, `kind_D`, `last4_D`; `patient_id`, `patient_id_again`, `born_again`, `issuer`, `verify`, `return-note`, `return`, `resubmit` |
//! | … find, weigh, make | `live`, `stop-job` |
//! | … tick | per study: `tick_UID@ARCHIVE`, `kind_UID@ARCHIVE` (the row has `data-uid`); `weigh`, `find-again` |
//! | … stalled | `stalled-what`, `stalled-code`, `retry`, `amend` |
//! | … pay | `quote-total`, `goods`, `left-out`, `means-{cash,stored-value,card,mobile}`, `report_on`, `out_of_hours`, `pay`, `amend` |
//! | … parcel N | `parcel-N` (`data-state`), `image-N-K`, `label-N-K`, `slip_number`, `codes`, `collector`, `identity_seen`, `last_four`, `tracking`, `release-N`, `retry-N`, `remake-N` |
//! | … other exits | `venue`, `refer`, `refuse-reason`, `refuse`, `cancel`, `refund-reason`, `refund` |
//! | `/calendar` | `day`, `reason`, `declare` |

mod act;
mod api;
mod apply;
mod assets;
mod certificate;
mod counter;
mod errors;
mod form;
mod guard;
mod health;
pub mod i18n;
mod limits;
mod page;
pub mod password;
mod print;
mod quote;
mod serve;
mod status;
mod words;

pub use serve::{Listener, RulesInForce, ServeError, Server, TlsFiles, WebConfig, serve};

use axum::Router;
use axum::middleware;
use filmdesk_desk::Clock;
use filmdesk_policy::Rules;
use filmdesk_store::Store;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use limits::RateLimit;
use page::Site;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// What every page is made from. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    pub(crate) store: Store,
    pub(crate) rules: Arc<Rules>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) zone: TimeZone,
    pub(crate) demo: bool,
    pub(crate) trusted_proxies: Arc<[IpAddr]>,
    pub(crate) secure: bool,
    pub(crate) lookups: Arc<RateLimit>,
    pub(crate) drafts: Arc<RateLimit>,
    pub(crate) sign_ins: Arc<RateLimit>,
    /// Mistakes of rules that were read again and refused, for the counter.
    pub(crate) refused_rules: Arc<RwLock<Option<Arc<str>>>>,
}

impl AppState {
    /// The state of both sites.
    ///
    /// # Errors
    /// The hospital's time zone is not one.
    pub fn new(store: Store, rules: Arc<Rules>, clock: Arc<dyn Clock>, demo: bool) -> Result<AppState, ServeError> {
        let zone = TimeZone::get(&rules.hospital().time_zone)
            .map_err(|e| ServeError::TimeZone(rules.hospital().time_zone.clone(), e.to_string()))?;
        Ok(AppState {
            store,
            rules,
            clock,
            zone,
            demo,
            trusted_proxies: Arc::new([]),
            secure: false,
            lookups: Arc::new(RateLimit::new(10, Duration::from_secs(30))),
            drafts: Arc::new(RateLimit::new(30, Duration::from_secs(10))),
            sign_ins: Arc::new(RateLimit::new(5, Duration::from_secs(60))),
            refused_rules: Arc::default(),
        })
    }

    /// The same sites under other rules; sessions, limits and store stay.
    pub(crate) fn with_rules(&self, rules: Arc<Rules>) -> Result<AppState, ServeError> {
        let zone = TimeZone::get(&rules.hospital().time_zone)
            .map_err(|e| ServeError::TimeZone(rules.hospital().time_zone.clone(), e.to_string()))?;
        Ok(AppState { rules, zone, ..self.clone() })
    }

    pub(crate) fn say_of_rules(&self, mistakes: Option<&str>) {
        let mut said = self.refused_rules.write().unwrap_or_else(PoisonError::into_inner);
        *said = mistakes.map(Arc::from);
    }

    pub(crate) fn local_now(&self) -> DateTime {
        words::local(self.clock.now(), &self.zone)
    }

    pub(crate) fn today(&self) -> Date {
        self.local_now().date()
    }
}

/// The applicant's site.
pub fn router_public(state: AppState) -> Router {
    let pages = apply::routes()
        .merge(status::routes())
        .merge(print::public_routes())
        .merge(api::routes())
        .merge(quote::routes());
    framed(pages, state, Site::Public)
}

/// The counter's site.
pub fn router_staff(state: AppState) -> Router {
    framed(counter::routes(), state, Site::Counter)
}

fn framed(pages: Router<AppState>, state: AppState, site: Site) -> Router {
    let pages = pages.merge(health::routes()).route("/assets/{version}/{name}", axum::routing::get(assets::serve));
    let pages = guard::limits(pages);
    let framed = guard::FrameState { state: state.clone(), site };
    pages.layer(middleware::from_fn_with_state(framed, guard::frame)).with_state(state)
}
