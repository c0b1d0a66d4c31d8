//! A real PostgreSQL for tests: a server of its own in a temporary folder, reached through a socket in that folder only.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A running server. It ends, and its folder goes, when this is dropped or the test process dies in any way.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
    runner: Option<Child>,
    _alive: Option<ChildStdin>,
    databases: AtomicU32,
}

/// Starts the server, says so, and stops it when its standard input closes: the kernel closes it whatever becomes of us.
/// Arguments: folder of the programs, folder of the data.
const RUNNER: &str = r#"
set -e
bin=$1; dir=$2
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1
"$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c fsync=off -c max_connections=200 \
    -c shared_buffers=32MB </dev/null >"$dir/server.log" 2>&1 &
server=$!
for i in $(seq 300); do
    "$bin/pg_isready" -q -h "$dir" && break
    kill -0 $server
    sleep 0.1
done
echo ready
read -r _ || true
kill -QUIT $server
wait $server || true
cd /
rm -rf "$dir"
"#;

/// The one server of this test process, started when first asked for.
static SHARED: LazyLock<Postgres> = LazyLock::new(Postgres::start);

impl Postgres {
    /// The one server of this test process.
    pub fn shared() -> &'static Postgres {
        &SHARED
    }

    /// Starts a server of its own.
    ///
    /// # Panics
    /// PostgreSQL 15 is not installed, or does not start: tests on it cannot be skipped silently.
    pub fn start() -> Postgres {
        let programs = programs().expect("PostgreSQL is not installed: apt-get install postgresql");
        let folder = tempfile::Builder::new().prefix("filmdesk-pg-").tempdir().expect("a temporary folder").keep();
        let mut command = Command::new("sh");
        // PostgreSQL refuses to run as root.
        if let Some((user, group)) = postgres_account_if_root(&folder) {
            chown(&folder, Some(user), Some(group)).expect("the folder is given to postgres");
            command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "sh"]);
        }
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).expect("the folder is private");
        command.args(["-c", RUNNER, "sh"]).arg(&programs).arg(&folder).current_dir(&folder);
        let mut runner = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
        let alive = runner.stdin.take();
        let mut line = String::new();
        let said = runner.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
        let log = std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
        assert!(matches!(said, Some(Ok(_))) && line == "ready\n", "PostgreSQL did not start: {log}");
        Postgres { folder, programs, runner: Some(runner), _alive: alive, databases: AtomicU32::new(0) }
    }

    /// A new, empty database; its address.
    ///
    /// # Panics
    /// The server does not make one.
    pub fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-q", "-U", "postgres", "-d", "postgres", "-c", &format!("CREATE DATABASE {name}"), "-h"]);
        let made = psql.arg(&self.folder).output().expect("psql runs");
        assert!(made.status.success(), "no database: {}", String::from_utf8_lossy(&made.stderr));
        format!("postgres://postgres@localhost/{name}?host={}", self.folder.display())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self._alive = None;
        if let Some(mut runner) = self.runner.take() {
            drop(runner.wait());
        }
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// The newest installed version's programs, where Debian puts them.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    folders.filter(|folder| folder.join("initdb").exists()).max()
}

/// The ids of `postgres`, if we are root (the owner of a folder we just made tells).
fn postgres_account_if_root(folder: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata(folder).ok()?.uid() != 0 {
        return None;
    }
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = accounts.lines().find(|line| line.starts_with("postgres:"))?;
    let mut members = line.split(':').skip(2);
    Some((members.next()?.parse().ok()?, members.next()?.parse().ok()?))
}
