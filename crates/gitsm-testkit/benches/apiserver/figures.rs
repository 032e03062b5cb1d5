//! What was measured, as a table and as JSON.

use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;

/// Many requests of one kind.
pub(crate) struct Run {
    /// How long each took.
    pub(crate) times: Vec<Duration>,
    /// How long all took.
    pub(crate) wall: Duration,
    /// Processor time of the server in seconds.
    pub(crate) cpu: f64,
}

struct Line {
    what: String,
    clients: usize,
    count: usize,
    /// Milliseconds.
    p50: f64,
    /// Milliseconds.
    p99: f64,
    per_second: f64,
    /// Microseconds of processor time for one.
    cpu: f64,
}

struct Single {
    what: String,
    unit: &'static str,
    value: f64,
}

/// Everything about one server.
pub(crate) struct Figures {
    pub(crate) server: &'static str,
    runs: Vec<Line>,
    singles: Vec<Single>,
    details: Vec<Single>,
}

impl Figures {
    pub(crate) fn new(server: &'static str) -> Self {
        Self {
            server,
            runs: Vec::new(),
            singles: Vec::new(),
            details: Vec::new(),
        }
    }

    /// Notes many requests.
    pub(crate) fn run(&mut self, what: &str, clients: usize, mut run: Run) {
        run.times.sort_unstable();
        let count = run.times.len();
        let at = |part: usize| {
            let place = (count * part / 100).min(count.saturating_sub(1));
            run.times.get(place).map_or(0.0, Duration::as_secs_f64) * 1_000.0
        };
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52 requests")]
        let number = count.max(1) as f64;
        let line = Line {
            what: what.to_owned(),
            clients,
            count,
            p50: at(50),
            p99: at(99),
            per_second: number / run.wall.as_secs_f64(),
            cpu: run.cpu / number * 1e6,
        };
        eprintln!(
            "{}: {what}, {clients} clients: p50 {:.2} ms, p99 {:.2} ms, {:.0}/s, {:.0} us of CPU",
            self.server, line.p50, line.p99, line.per_second, line.cpu
        );
        self.runs.push(line);
    }

    /// Notes one figure that is compared.
    pub(crate) fn single(&mut self, what: &str, unit: &'static str, value: f64) {
        eprintln!("{}: {what}: {value:.1} {unit}", self.server);
        self.singles.push(Single {
            what: what.to_owned(),
            unit,
            value,
        });
    }

    /// Notes memory of one process among several.
    pub(crate) fn detail(&mut self, what: &str, value: f64) {
        eprintln!("{}: {what}: {value:.1} MiB", self.server);
        self.details.push(Single {
            what: what.to_owned(),
            unit: "MiB",
            value,
        });
    }

    fn find(&self, line: &Line) -> Option<&Line> {
        self.runs
            .iter()
            .find(|other| other.what == line.what && other.clients == line.clients)
    }

    fn single_of(&self, what: &str) -> Option<&Single> {
        self.singles.iter().find(|other| other.what == what)
    }
}

/// Two tables in Markdown: requests, and single figures. Ratios say how many times better the first server is: its
/// rate by the other's, the other's processor time, milliseconds and memory by its own.
pub(crate) fn table(all: &[Figures]) -> String {
    let mut text = String::new();
    let Some(first) = all.first() else { return text };
    let other = all.get(1);
    text.push_str("\n| what | clients | server | p50 ms | p99 ms | per s | CPU µs each | rate, times the other's | CPU, times less |\n");
    text.push_str("|---|---:|---|---:|---:|---:|---:|---:|---:|\n");
    for line in &first.runs {
        let compared = other.and_then(|other| other.find(line));
        let ratios = compared.map_or_else(
            || " | ".to_owned(),
            |other| {
                format!(
                    "{:.1} | {:.1}",
                    line.per_second / other.per_second,
                    other.cpu / line.cpu
                )
            },
        );
        row(&mut text, first.server, line, &ratios);
        if let (Some(line), Some(other)) = (compared, other) {
            row(&mut text, other.server, line, " | ");
        }
    }
    let _ = writeln!(
        text,
        "\n| what | unit | {} | {} | times |\n|---|---|---:|---:|---:|",
        first.server,
        other.map_or("", |other| other.server)
    );
    for single in &first.singles {
        let compared = other.and_then(|other| other.single_of(&single.what));
        let (value, ratio) = compared.map_or_else(Default::default, |other| {
            (
                format!("{:.1}", other.value),
                format!("{:.1}", other.value / single.value),
            )
        });
        let _ = writeln!(
            text,
            "| {} | {} | {:.1} | {value} | {ratio} |",
            single.what, single.unit, single.value
        );
    }
    for detail in all.iter().flat_map(|figures| &figures.details) {
        let _ = writeln!(
            text,
            "| … {} | {} | | {:.1} | |",
            detail.what, detail.unit, detail.value
        );
    }
    text
}

fn row(text: &mut String, server: &str, line: &Line, ratios: &str) {
    let _ = writeln!(
        text,
        "| {} | {} | {server} | {:.2} | {:.2} | {:.0} | {:.0} | {ratios} |",
        line.what, line.clients, line.p50, line.p99, line.per_second, line.cpu
    );
}

/// Everything, for programs.
pub(crate) fn json(all: &[Figures]) -> Value {
    let servers = all.iter().map(|figures| {
        let runs: Vec<Value> = figures
            .runs
            .iter()
            .map(|line| {
                json!({
                    "what": line.what, "clients": line.clients, "count": line.count, "p50Milliseconds": line.p50,
                    "p99Milliseconds": line.p99, "perSecond": line.per_second, "cpuMicroseconds": line.cpu,
                })
            })
            .collect();
        let singles: Vec<Value> = figures
            .singles
            .iter()
            .chain(&figures.details)
            .map(|single| json!({"what": single.what, "unit": single.unit, "value": single.value}))
            .collect();
        json!({"server": figures.server, "requests": runs, "figures": singles})
    });
    Value::Array(servers.collect())
}
