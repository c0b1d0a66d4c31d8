//! The configuration: one TOML file over the built-in defaults, the environment over both.
//!
//! The defaults stand once, in `filmdesk.toml` beside this module; `filmdesk config` prints that file. A fault names the
//! file, the line and the column, or the variable of the environment, and what to do.

use filmdesk_archive::ArchiveKind;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The commented file with every default.
pub const DEFAULTS: &str = include_str!("filmdesk.toml");

/// Variables that are not settings: where the file is, and what the project's own tests read.
const NOT_SETTINGS: [&str; 4] =
    ["FILMDESK_CONFIG", "FILMDESK_SKIP_NEIGHBOURS", "FILMDESK_PYDICOM_DATA", "FILMDESK_SOAK"];

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What must survive.
    pub state: PathBuf,
    database: String,
    database_file: PathBuf,
    rules: PathBuf,
    /// Proxies that speak HTTPS in front of both listeners.
    pub trusted_proxies: Vec<IpAddr>,
    /// Where applicants come in.
    pub public: ListenerConfig,
    /// Where staff sign in.
    pub staff: ListenerConfig,
    /// Where fetched studies lie.
    pub spool: SpoolConfig,
    /// Finished images.
    pub blobs: BlobConfig,
    /// The worker.
    pub worker: WorkerConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// Where images come from.
    #[serde(default)]
    pub archive: Vec<filmdesk_archive::ArchiveConfig>,
}

/// One listener.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// PEM certificate chain; empty: plain HTTP.
    pub certificate: PathBuf,
    /// PEM private key.
    pub key: PathBuf,
}

/// The spool.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpoolConfig {
    /// Where.
    pub folder: PathBuf,
    /// Bytes all spools together may take.
    pub quota_bytes: u64,
    /// Bytes that stay free on that disk.
    pub keep_free_bytes: u64,
}

/// The blobs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobConfig {
    /// Where.
    pub folder: PathBuf,
}

/// The worker and its children.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerConfig {
    /// Inspect children.
    pub inspectors: usize,
    /// RLIMIT_AS of each.
    pub inspector_memory_bytes: u64,
    /// RLIMIT_CPU of each.
    pub inspector_cpu_seconds: u64,
    /// RLIMIT_NOFILE of each.
    pub inspector_open_files: u64,
    /// Tries of a job before a person is asked.
    pub attempts: u32,
    /// The first pause between two tries; each next one is twice as long.
    pub first_pause_seconds: u32,
    /// No pause is longer.
    pub longest_pause_seconds: u32,
    /// How often an archive that is away is waited for before a person is asked.
    pub waits: u32,
    /// Finding, previewing and weighing at once.
    pub quick_jobs: usize,
    /// Making at once.
    pub making_jobs: usize,
    /// From the image to the labelled disc, for the ready time (A26).
    pub making_minutes_per_disc: u32,
    /// Pictures and pages for a browser on each disc.
    pub web_pages: bool,
    /// A viewer on each disc, in a folder of its own.
    pub viewer: bool,
}

/// The log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// A filter of `tracing-subscriber`.
    pub level: String,
    /// Text or JSON.
    pub format: LogFormat,
}

/// For people or for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What is wrong with the configuration, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}\n  remedy: {remedy}")]
pub struct ConfigFault {
    /// `filmdesk.toml:12:10`, or the variable of the environment.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

fn fault(place: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) -> ConfigFault {
    ConfigFault { place: place.into(), message: message.into(), remedy: remedy.into() }
}

const SEE_DEFAULTS: &str = "`filmdesk config` prints every setting with its default and what it means";

impl Config {
    /// Reads the file, if there is one, and the environment.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn load(file: Option<&Path>, environment: &[(String, String)]) -> Result<Config, ConfigFault> {
        let Some(path) = file else { return Config::read("", "the defaults", Path::new(""), environment) };
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|e| {
            fault(&name, format!("cannot be read: {e}"), "give another path with --config, or leave it out")
        })?;
        Config::read(&text, &name, path.parent().unwrap_or(Path::new("")), environment)
    }

    fn read(text: &str, name: &str, home: &Path, environment: &[(String, String)]) -> Result<Config, ConfigFault> {
        let at_span = |error: &toml::de::Error| {
            let (line, column) = line_and_column(text, error.span().map_or(0, |span| span.start));
            fault(format!("{name}:{line}:{column}"), error.message(), SEE_DEFAULTS)
        };
        let mut table = DeTable::parse(DEFAULTS).expect("the built-in defaults parse");
        let defaults = table.clone();
        let own = DeTable::parse(text).map_err(|error| at_span(&error))?;
        merge(table.get_mut(), own.into_inner());
        let mut config: Config = deserialize(&table).map_err(|error| at_span(&error))?;
        let mut lines = Vec::new();
        for (variable, value) in environment {
            if variable.starts_with("FILMDESK_") && !NOT_SETTINGS.contains(&variable.as_str()) {
                lines.push((variable, setting_for(defaults.get_ref(), variable, value)?));
            }
        }
        for (variable, line) in &lines {
            let at_variable = |error: toml::de::Error| {
                let remedy = format!("set another value, or unset {variable}; {SEE_DEFAULTS}");
                fault(format!("the environment, {variable}"), error.message(), remedy)
            };
            merge(table.get_mut(), DeTable::parse(line).map_err(at_variable)?.into_inner());
            config = deserialize(&table).map_err(at_variable)?;
        }
        config.settle(name, home)
    }

    /// Fills what depends on other settings, and refuses what cannot be meant.
    fn settle(mut self, name: &str, home: &Path) -> Result<Config, ConfigFault> {
        self.state = home.join(&self.state);
        let below = |own: &Path, default: &str| match own.as_os_str().is_empty() {
            true => self.state.join(default),
            false => home.join(own),
        };
        (self.spool.folder, self.blobs.folder) =
            (below(&self.spool.folder, "spool"), below(&self.blobs.folder, "blobs"));
        for path in [&mut self.rules, &mut self.database_file] {
            if !path.as_os_str().is_empty() {
                *path = home.join(&*path);
            }
        }
        self.archive.iter_mut().for_each(|archive| settle_archive(&mut archive.kind, home));
        for (table, listener) in [("public", &mut self.public), ("staff", &mut self.staff)] {
            listener.settle(name, table, home, &self.trusted_proxies)?;
        }
        if self.public.listen == self.staff.listen && self.public.listen.port() != 0 {
            let message = format!("[public] and [staff] both listen on {}", self.public.listen);
            return Err(fault(name, message, "give one of them another port"));
        }
        let mut names = std::collections::BTreeSet::new();
        if let Some(twice) = self.archive.iter().find(|archive| !names.insert(&archive.name)) {
            let message = format!("two archives are called {:?}", twice.name);
            return Err(fault(name, message, "give each [[archive]] a name of its own"));
        }
        let worker = &self.worker;
        if [worker.inspectors, worker.quick_jobs, worker.making_jobs, worker.attempts as usize].contains(&0) {
            let message = "[worker] inspectors, attempts, quick_jobs and making_jobs must be at least 1";
            return Err(fault(name, message, SEE_DEFAULTS));
        }
        Ok(self)
    }

    /// The database URL.
    ///
    /// # Errors
    /// The file that should hold it cannot be read.
    pub fn database_url(&self) -> Result<String, ConfigFault> {
        if !self.database_file.as_os_str().is_empty() {
            let place = self.database_file.display().to_string();
            let text = std::fs::read_to_string(&self.database_file).map_err(|e| {
                fault(
                    &place,
                    format!("the database URL cannot be read: {e}"),
                    "correct `database_file`, or its permissions",
                )
            })?;
            return Ok(text.trim().to_owned());
        }
        if !self.database.is_empty() {
            return Ok(self.database.clone());
        }
        let file = std::path::absolute(self.state.join("filmdesk.db"))
            .map_err(|e| fault("state", e.to_string(), "give `state` an absolute path"))?;
        Ok(format!("sqlite://{}", file.display()))
    }

    /// The folder of the rules; `None`: those built in.
    pub fn rules_folder(&self) -> Option<&Path> {
        (!self.rules.as_os_str().is_empty()).then_some(self.rules.as_path())
    }
}

impl ListenerConfig {
    fn settle(&mut self, name: &str, table: &str, home: &Path, proxies: &[IpAddr]) -> Result<(), ConfigFault> {
        let place = format!("{name}, [{table}]");
        if self.certificate.as_os_str().is_empty() != self.key.as_os_str().is_empty() {
            return Err(fault(
                place,
                "a certificate needs its key, and a key its certificate",
                "give both, or neither",
            ));
        }
        if self.has_tls() {
            (self.certificate, self.key) = (home.join(&self.certificate), home.join(&self.key));
        }
        if !self.listen.ip().is_loopback() && !self.has_tls() && proxies.is_empty() {
            return Err(fault(
                place,
                format!("plain HTTP on {} would carry patients' data readable over the network", self.listen),
                "give `certificate` and `key`, or name the proxies that do HTTPS in `trusted_proxies`, or listen on 127.0.0.1",
            ));
        }
        Ok(())
    }

    /// Whether it speaks HTTPS itself.
    pub fn has_tls(&self) -> bool {
        !self.certificate.as_os_str().is_empty()
    }
}

/// Paths of an archive start at the file's folder too.
fn settle_archive(kind: &mut ArchiveKind, home: &Path) {
    match kind {
        ArchiveKind::Folder { path } => *path = home.join(&*path),
        ArchiveKind::DicomWeb(web) => {
            let files = [&mut web.password_file, &mut web.token_file, &mut web.ca_file, &mut web.identity_file];
            files.into_iter().flatten().for_each(|path| *path = home.join(&*path));
        }
        ArchiveKind::Dimse(dimse) => {
            let files = dimse.tls.iter_mut().flat_map(|tls| {
                [Some(&mut tls.ca_file), tls.certificate_file.as_mut(), tls.key_file.as_mut()].into_iter().flatten()
            });
            dimse.passcode_file.iter_mut().chain(files).for_each(|path| *path = home.join(&*path));
        }
    }
}

fn deserialize(table: &Spanned<DeTable<'_>>) -> Result<Config, toml::de::Error> {
    Config::deserialize(toml::de::Deserializer::from(table.clone()))
}

/// Tables merge, everything else is replaced.
fn merge<'i>(base: &mut DeTable<'i>, over: DeTable<'i>) {
    for (key, value) in over {
        let is_table = matches!(value.get_ref(), DeValue::Table(_));
        if let (true, Some(DeValue::Table(old))) =
            (is_table, base.get_mut(key.get_ref().as_ref()).map(Spanned::get_mut))
        {
            if let DeValue::Table(new) = value.into_inner() {
                merge(old, new);
            }
            continue;
        }
        base.remove(key.get_ref().as_ref());
        base.insert(key, value);
    }
}

/// `FILMDESK_PUBLIC_LISTEN=…` as a line of TOML, typed as its default is.
fn setting_for(defaults: &DeTable<'_>, variable: &str, value: &str) -> Result<String, ConfigFault> {
    let mut known = Vec::new();
    for (key, default) in defaults {
        let key = key.get_ref().as_ref();
        if let DeValue::Table(table) = default.get_ref() {
            known.extend(table.iter().map(|(k, v)| (format!("{key}.{}", k.get_ref()), v.get_ref().clone())));
        } else {
            known.push((key.to_owned(), default.get_ref().clone()));
        }
    }
    let name_of = |path: &str| format!("FILMDESK_{}", path.replace('.', "_").to_uppercase());
    let Some((path, default)) = known.iter().find(|(path, _)| name_of(path) == variable) else {
        let names: Vec<String> = known.iter().map(|(path, _)| name_of(path)).collect();
        let remedy = format!("unset it, or use one of {}", names.join(", "));
        return Err(fault(format!("the environment, {variable}"), "there is no such setting", remedy));
    };
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    Ok(match default {
        DeValue::String(_) => format!("{path} = {}", quoted(value)),
        DeValue::Array(_) => {
            let items: Vec<String> = value.split(',').map(str::trim).filter(|v| !v.is_empty()).map(quoted).collect();
            format!("{path} = [{}]", items.join(", "))
        }
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Table(_) => {
            format!("{path} = {value}")
        }
    })
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
