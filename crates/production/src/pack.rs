//! Fewest discs: units (studies, or parts of one that exceeds a disc) are put together so that as few discs as possible
//! are needed. Each disc more costs the applicant a fee.

use std::collections::HashMap;

/// Up to this many units every way of putting them together is tried.
const EXACT: usize = 12;

/// Units put into bins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Units of each bin, ascending; bins by their first unit.
    pub bins: Vec<Vec<usize>>,
    /// No packing with fewer bins exists: all were tried, or the volume alone needs as many.
    pub proven: bool,
}

/// Puts units into as few bins as possible.
///
/// `least` is what a unit takes in any company, `room` what a bin has for it: together they bound from below. `fits` says
/// whether a set fits one bin; each unit alone must. Up to twelve units the result is the optimum; beyond, the better of
/// first-fit-decreasing and next-fit, and [`Packing::proven`] says whether the volume bound is met.
pub fn pack(least: &[u64], room: u64, fits: &mut dyn FnMut(&[usize]) -> bool) -> Packing {
    let units: Vec<usize> = (0..least.len()).collect();
    if units.is_empty() {
        return Packing { bins: Vec::new(), proven: true };
    }
    let bound = least.iter().sum::<u64>().div_ceil(room.max(1)).max(1) as usize;
    let mut bins = next_fit(&units, fits);
    if bins.len() > bound {
        let decreasing = first_fit_decreasing(&units, least, room, fits);
        if decreasing.len() < bins.len() {
            bins = decreasing;
        }
    }
    let mut proven = bins.len() <= bound;
    if !proven && units.len() <= EXACT {
        bins = exact(least, room, fits);
        proven = true;
    }
    for bin in &mut bins {
        bin.sort_unstable();
    }
    bins.sort_unstable();
    Packing { bins, proven }
}

/// In the order given, a new bin whenever the last is full: keeps neighbours together.
fn next_fit(units: &[usize], fits: &mut dyn FnMut(&[usize]) -> bool) -> Vec<Vec<usize>> {
    let mut bins: Vec<Vec<usize>> = Vec::new();
    for unit in units {
        if let Some(last) = bins.last_mut() {
            last.push(*unit);
            if fits(last) {
                continue;
            }
            last.pop();
        }
        bins.push(vec![*unit]);
    }
    bins
}

/// Largest first, each into the first bin that takes it.
fn first_fit_decreasing(
    units: &[usize],
    least: &[u64],
    room: u64,
    fits: &mut dyn FnMut(&[usize]) -> bool,
) -> Vec<Vec<usize>> {
    let mut order = units.to_vec();
    order.sort_by_key(|unit| (std::cmp::Reverse(least[*unit]), *unit));
    let mut bins: Vec<(Vec<usize>, u64)> = Vec::new();
    for unit in order {
        let place = bins.iter_mut().find_map(|(bin, used)| {
            if *used + least[unit] > room {
                return None;
            }
            bin.push(unit);
            if fits(bin) {
                *used += least[unit];
                return Some(());
            }
            bin.pop();
            None
        });
        if place.is_none() {
            bins.push((vec![unit], least[unit]));
        }
    }
    bins.into_iter().map(|(bin, _)| bin).collect()
}

/// Dynamic programming over subsets: the fewest bins for each subset, the bin that holds its lowest unit tried in every
/// way. 3¹² steps at most.
fn exact(least: &[u64], room: u64, fits: &mut dyn FnMut(&[usize]) -> bool) -> Vec<Vec<usize>> {
    let n = least.len();
    let members = |mask: usize| (0..n).filter(|unit| mask >> unit & 1 == 1).collect::<Vec<usize>>();
    let mut known: HashMap<usize, bool> = HashMap::new();
    let mut one_bin = |mask: usize| {
        *known.entry(mask).or_insert_with(|| {
            let set = members(mask);
            set.len() == 1 || (set.iter().map(|unit| least[*unit]).sum::<u64>() <= room && fits(&set))
        })
    };
    let all = (1usize << n) - 1;
    // For each subset: fewest bins, and the bin with its lowest unit.
    let mut best: Vec<(u32, usize)> = vec![(u32::MAX, 0); all + 1];
    best[0] = (0, 0);
    for mask in 1..=all {
        let lowest = mask & mask.wrapping_neg();
        let rest = mask ^ lowest;
        // Subsets of the rest, the largest first: equal counts keep the fuller first bin.
        let mut with = rest;
        loop {
            let bin = with | lowest;
            let (others, _) = best[mask ^ bin];
            if others + 1 < best[mask].0 && one_bin(bin) {
                best[mask] = (others + 1, bin);
            }
            if with == 0 {
                break;
            }
            with = (with - 1) & rest;
        }
    }
    let mut bins = Vec::new();
    let mut mask = all;
    while mask != 0 {
        let bin = best[mask].1;
        bins.push(members(bin));
        mask ^= bin;
    }
    bins
}
