//! What processes use, as Linux tells it.

use anyhow::{Context as _, Result};

/// Clock ticks of a second in `/proc`; Linux has no other value for programs.
const TICKS: f64 = 100.0;

/// Seconds of processor time of processes so far, user and system.
pub(crate) fn cpu(processes: &[(String, u32)]) -> Result<f64> {
    let mut total = 0.0;
    for (name, pid) in processes {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .with_context(|| format!("{name} has ended"))?;
        let after_name = stat.rsplit_once(')').context("no state of a process")?.1;
        let mut fields = after_name.split_whitespace().skip(11);
        for _ in 0..2 {
            let ticks: f64 = fields
                .next()
                .context("no times of a process")?
                .parse()
                .context("no time")?;
            total += ticks / TICKS;
        }
    }
    Ok(total)
}

/// Resident memory of a process in MiB.
pub(crate) fn resident(pid: u32) -> Result<f64> {
    let status =
        std::fs::read_to_string(format!("/proc/{pid}/status")).context("a server's process has ended")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("no memory of a process")?;
    let kib: f64 = line
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .context("no memory of a process")?;
    Ok(kib / 1_024.0)
}
