//! Token buckets in memory: so many attempts, refilled with time.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Attempts per key, `burst` at once and one more every `refill`.
#[derive(Debug)]
pub struct RateLimit {
    burst: f64,
    refill: Duration,
    buckets: Mutex<HashMap<String, (f64, Instant)>>,
}

impl RateLimit {
    /// A limit with full buckets.
    pub fn new(burst: u32, refill: Duration) -> RateLimit {
        RateLimit { burst: f64::from(burst), refill, buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes one attempt of `key`; `false` when there is none left.
    pub fn take(&self, key: &str) -> bool {
        let now = Instant::now();
        let mut buckets = self.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if buckets.len() > 10_000 {
            let full = self.refill.mul_f64(self.burst);
            buckets.retain(|_, (_, last)| now.duration_since(*last) < full);
        }
        let (left, last) = buckets.entry(key.to_owned()).or_insert((self.burst, now));
        let grown = now.duration_since(*last).as_secs_f64() / self.refill.as_secs_f64();
        *left = (*left + grown).min(self.burst);
        *last = now;
        if *left < 1.0 {
            return false;
        }
        *left -= 1.0;
        true
    }

    /// Gives an attempt back: it was a good one.
    pub fn give_back(&self, key: &str) {
        let mut buckets = self.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((left, _)) = buckets.get_mut(key) {
            *left = (*left + 1.0).min(self.burst);
        }
    }
}
