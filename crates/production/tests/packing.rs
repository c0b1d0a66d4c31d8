//! As few discs as possible: against every other way of packing, and over many generated orders.

use filmdesk_production::pack;

const ROOM: u64 = 1000;

fn packed(sizes: &[u64]) -> (Vec<Vec<usize>>, bool) {
    let packing = pack(sizes, ROOM, &mut |set| set.iter().map(|unit| sizes[*unit]).sum::<u64>() <= ROOM);
    (packing.bins, packing.proven)
}

/// A generator of numbers, so that a failure can be repeated from its seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// The fewest bins, by putting each unit into every open bin or a new one.
fn fewest(sizes: &[u64], bins: &mut Vec<u64>, best: &mut usize) {
    if bins.len() >= *best {
        return;
    }
    let Some((first, rest)) = sizes.split_first() else {
        *best = bins.len();
        return;
    };
    for bin in 0..bins.len() {
        if bins[bin] + first <= ROOM {
            bins[bin] += first;
            fewest(rest, bins, best);
            bins[bin] -= first;
        }
    }
    bins.push(*first);
    fewest(rest, bins, best);
    bins.pop();
}

#[test]
fn nothing_needs_no_disc_and_neighbours_stay_together() {
    assert_eq!(packed(&[]), (vec![], true));
    assert_eq!(packed(&[400, 300, 300]), (vec![vec![0, 1, 2]], true));
    assert_eq!(packed(&[600, 300, 500, 400]), (vec![vec![0, 1], vec![2, 3]], true));
}

/// Neither next-fit nor first-fit-decreasing finds three discs here.
#[test]
fn small_orders_are_packed_in_every_way() {
    let sizes = [440, 440, 440, 300, 300, 300, 260, 260, 260];
    let (bins, proven) = packed(&sizes);
    assert_eq!((bins.len(), proven), (3, true), "{bins:?}");
}

#[test]
fn up_to_twelve_units_nobody_does_better() {
    for seed in 1..400 {
        let mut numbers = Numbers(seed);
        let n = 1 + numbers.below(8) as usize;
        let sizes: Vec<u64> = (0..n).map(|_| 50 + numbers.below(850)).collect();
        let mut best = n + 1;
        fewest(&sizes, &mut Vec::new(), &mut best);
        let (bins, proven) = packed(&sizes);
        assert!(proven);
        assert_eq!(bins.len(), best, "{sizes:?}");
    }
}

#[test]
fn every_unit_is_packed_once_and_no_bin_overflows() {
    for seed in 1..2000 {
        let mut numbers = Numbers(seed * 7919);
        let n = 1 + numbers.below(60) as usize;
        let most = 50 + numbers.below(950);
        let sizes: Vec<u64> = (0..n).map(|_| 1 + numbers.below(most)).collect();
        let (bins, proven) = packed(&sizes);
        let mut units: Vec<usize> = bins.concat();
        units.sort_unstable();
        assert_eq!(units, (0..n).collect::<Vec<_>>());
        assert!(bins.iter().all(|bin| bin.iter().map(|unit| sizes[*unit]).sum::<u64>() <= ROOM));
        let bound = sizes.iter().sum::<u64>().div_ceil(ROOM) as usize;
        assert!(bins.len() >= bound);
        assert!(proven || n > 12);
        // In the order given, a new disc whenever the last is full.
        let mut next_fit = 1;
        let mut used = 0;
        for size in &sizes {
            if used + size > ROOM {
                next_fit += 1;
                used = 0;
            }
            used += size;
        }
        assert!(bins.len() <= next_fit, "{sizes:?}");
    }
}
