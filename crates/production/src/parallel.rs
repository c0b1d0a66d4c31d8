//! The same work on many things, on every core.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Calls `work` for each item with its number, on as many threads as there are cores; results in the order of the items.
/// The first error ends it.
pub(crate) fn in_parallel<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(usize, &T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(items.len().max(1));
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    let error: Mutex<Option<E>> = Mutex::new(None);
    let run = || {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(n) else { return };
            match work(n, item) {
                Ok(result) => locked(&results)[n] = Some(result),
                Err(e) => {
                    next.store(items.len(), Ordering::Relaxed);
                    locked(&error).get_or_insert(e);
                    return;
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(run);
        }
        run();
    });
    if let Some(error) = locked(&error).take() {
        return Err(error);
    }
    let results = std::mem::take(&mut *locked(&results));
    Ok(results.into_iter().map(|result| result.expect("each item was worked on")).collect())
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
