//! How long `POST /api/v1/quotes` takes under a steady load: every case of the hospital in turn, so many a second, each
//! timed from the moment it was due, so that a server that stands still is not forgiven. The aim is p99 under 20 ms at 500 a
//! second.
//!
//! ```text
//! cargo run -p filmdesk-policy --example quote_load 127.0.0.1:8080 [A_SECOND] [SECONDS]
//! ```

use filmdesk_policy::cases::parse_cases;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Connections kept open, each with one question on its way at a time.
const CONNECTIONS: usize = 16;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address =
        arguments.next().ok_or_else(|| io::Error::other("usage: quote_load HOST:PORT [A_SECOND] [SECONDS]"))?;
    let mut number = |otherwise: usize| arguments.next().and_then(|n| n.parse().ok()).unwrap_or(otherwise);
    let (a_second, seconds) = (number(500), number(20));
    let requests = requests(&address)?;
    let (next, started, n) = (AtomicUsize::new(0), Instant::now(), a_second * seconds);
    let work = || -> io::Result<(Vec<Duration>, usize)> {
        let mut stream = BufReader::new(TcpStream::connect(&address)?);
        stream.get_ref().set_nodelay(true)?;
        let (mut times, mut refused) = (Vec::new(), 0);
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= n {
                return Ok((times, refused));
            }
            let due = started + Duration::from_secs(1) * i as u32 / a_second as u32;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let status = ask(&mut stream, &requests[i % requests.len()])?;
            times.push(due.elapsed());
            refused += usize::from(!matches!(status, 200 | 422));
        }
    };
    let done: Vec<io::Result<(Vec<Duration>, usize)>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|w| w.join().unwrap_or_else(|_| Err(io::Error::other("a connection ended")))).collect()
    });
    let (mut times, mut refused) = (Vec::new(), 0);
    for part in done {
        let (part, n) = part?;
        times.extend(part);
        refused += n;
    }
    times.sort_unstable();
    let at = |per_mille: usize| times[(times.len() - 1) * per_mille / 1000].as_secs_f64() * 1e3;
    println!(
        "POST /api/v1/quotes, {a_second} a second for {seconds} s: {} answered in {:.1} s, {refused} not; p50 {:.2} ms, p99 {:.2} ms, \
         p99.9 {:.2} ms, most {:.2} ms",
        times.len(),
        started.elapsed().as_secs_f64(),
        at(500),
        at(990),
        at(999),
        at(1000)
    );
    Ok(())
}

/// Every case as a request.
fn requests(address: &str) -> io::Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/ntuh/cases");
    let mut requests = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let cases = parse_cases("cases", &std::fs::read_to_string(entry?.path())?);
        for case in cases.map_err(|faults| io::Error::other(format!("{faults:?}")))? {
            let body = case.question().to_string();
            let head = format!(
                "POST /api/v1/quotes HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            requests.push([head.into_bytes(), body.into_bytes()].concat());
        }
    }
    Ok(requests)
}

/// One question; the status of its answer, which is read to its end.
fn ask(stream: &mut BufReader<TcpStream>, request: &[u8]) -> io::Result<u16> {
    stream.get_mut().write_all(request)?;
    let (mut status, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(code) = line.strip_prefix("http/1.1 ").and_then(|rest| rest.get(..3)) {
            status = code.parse().map_err(io::Error::other)?;
        } else if let Some(n) = line.strip_prefix("content-length:") {
            length = n.trim().parse().map_err(io::Error::other)?;
        } else if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(status)
}
