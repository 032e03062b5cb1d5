//! Spreads work over the cores and gives the results back in order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Stack of a worker. CEL and schema evaluation recurse with the depth of an object, which the reader bounds;
/// this leaves a wide margin also in unoptimised builds.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// How many results a worker keeps before it hands them in: few waits for the lock, no second copy of everything.
const BATCH: usize = 64;

/// Calls `work` for `0..count` on `jobs` threads; results are in the order of the numbers.
///
/// # Errors
///
/// A thread could not be started, or one panicked (then its message is on standard error already).
pub(crate) fn map<R: Send>(
    count: usize,
    jobs: usize,
    work: impl Fn(usize) -> R + Sync,
) -> std::io::Result<impl Iterator<Item = R>> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<R>>> = Mutex::new(std::iter::repeat_with(|| None).take(count).collect());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.clamp(1, count.max(1)))
            .map(|_| {
                std::thread::Builder::new()
                    .stack_size(STACK_BYTES)
                    .spawn_scoped(scope, || {
                        let mut mine = Vec::with_capacity(BATCH);
                        let hand_in = |mine: &mut Vec<(usize, R)>| {
                            let mut all = results.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                            for (number, result) in mine.drain(..) {
                                all[number] = Some(result);
                            }
                        };
                        loop {
                            let number = next.fetch_add(1, Ordering::Relaxed);
                            if number >= count {
                                break;
                            }
                            mine.push((number, work(number)));
                            if mine.len() == BATCH {
                                hand_in(&mut mine);
                            }
                        }
                        hand_in(&mut mine);
                    })
            })
            .collect::<std::io::Result<_>>()?;
        for worker in workers {
            worker
                .join()
                .map_err(|_| std::io::Error::other("a worker thread panicked"))?;
        }
        std::io::Result::Ok(())
    })?;
    let results = results
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(results.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_whatever_the_number_of_threads() {
        for jobs in [0, 1, 2, 7, 100] {
            let squares: Vec<usize> = map(500, jobs, |number| number * number).unwrap().collect();
            assert_eq!(
                squares,
                (0..500).map(|number| number * number).collect::<Vec<_>>()
            );
        }
        assert_eq!(map(0, 4, |number| number).unwrap().next(), None);
    }
}
