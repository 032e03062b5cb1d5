//! Pods: what their many statuses come down to.

use super::{AGE, NAME, Printer, created, elements, name, number, or_none, plain};
use gitsm_schema::columns::age;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) static POD: Printer = Printer {
    columns: &[
        NAME,
        (
            "Ready",
            "string",
            0,
            "The aggregate readiness state of this pod for accepting traffic.",
        ),
        (
            "Status",
            "string",
            0,
            "The aggregate status of the containers in this pod.",
        ),
        (
            "Restarts",
            "string",
            0,
            "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.",
        ),
        AGE,
        ("IP", "string", 1, "The address of the pod."),
        ("Node", "string", 1, "The node that the pod is assigned to."),
        (
            "Nominated Node",
            "string",
            1,
            "The node on which the pod will run once others have made room.",
        ),
        (
            "Readiness Gates",
            "string",
            1,
            "How many of the extra conditions for readiness hold.",
        ),
    ],
    cells,
    condition,
};

fn condition(pod: &Value) -> Option<Value> {
    let (reason, message) = match plain(&pod["status"]["phase"]) {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(json!({"type": "Completed", "status": "True", "reason": reason, "message": message}))
}

/// Restarts, and when the last was.
#[derive(Default)]
struct Restarts<'v> {
    count: i64,
    last: &'v str,
}

impl<'v> Restarts<'v> {
    fn add(&mut self, container: &'v Value) {
        self.count = self.count.saturating_add(number(&container["restartCount"]));
        let finished = plain(&container["lastState"]["terminated"]["finishedAt"]);
        let later = match (age::parse(finished), age::parse(self.last)) {
            (Some(finished), Some(last)) => finished > last,
            (finished, _) => finished.is_some(),
        };
        if later {
            self.last = finished;
        }
    }

    fn written(&self, now: Timestamp) -> String {
        if self.count == 0 || self.last.is_empty() {
            self.count.to_string()
        } else {
            format!("{} ({} ago)", self.count, age::since(self.last, now))
        }
    }
}

/// The init containers that keep running: sidecars.
fn sidecars(pod: &Value) -> impl Iterator<Item = &Value> {
    elements(&pod["spec"]["initContainers"])
        .iter()
        .filter(|container| container["restartPolicy"] == "Always")
}

fn has_condition(pod: &Value, ty: &str) -> bool {
    let mut conditions = elements(&pod["status"]["conditions"]).iter();
    conditions.any(|condition| condition["type"] == ty && condition["status"] == "True")
}

/// Why a container terminated: its reason, signal or exit code.
fn termination(terminated: &Value) -> String {
    match (plain(&terminated["reason"]), number(&terminated["signal"])) {
        ("", 0) => format!("ExitCode:{}", number(&terminated["exitCode"])),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

/// What the init containers that are not through say, and the number of sidecars that are ready.
fn initialisation<'v>(
    pod: &'v Value,
    all: &mut Restarts<'v>,
    of_sidecars: &mut Restarts<'v>,
) -> (Option<String>, usize) {
    let total = elements(&pod["spec"]["initContainers"]).len();
    let mut ready = 0;
    for (index, container) in elements(&pod["status"]["initContainerStatuses"])
        .iter()
        .enumerate()
    {
        all.add(container);
        let is_sidecar = sidecars(pod).any(|sidecar| sidecar["name"] == container["name"]);
        if is_sidecar {
            of_sidecars.add(container);
        }
        let state = &container["state"];
        let (terminated, waiting) = (&state["terminated"], plain(&state["waiting"]["reason"]));
        if terminated.is_object() && number(&terminated["exitCode"]) == 0 {
            continue;
        }
        if is_sidecar && container["started"] == true {
            ready += usize::from(container["ready"] == true);
            continue;
        }
        let reason = if terminated.is_object() {
            format!("Init:{}", termination(terminated))
        } else if !waiting.is_empty() && waiting != "PodInitializing" {
            format!("Init:{waiting}")
        } else {
            format!("Init:{index}/{total}")
        };
        return (Some(reason), ready);
    }
    (None, ready)
}

fn cells(pod: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&pod["spec"], &pod["status"]);
    let mut reason = match plain(&status["reason"]) {
        "" => plain(&status["phase"]).to_owned(),
        reason => reason.to_owned(),
    };
    let gated =
        |condition: &Value| condition["type"] == "PodScheduled" && condition["reason"] == "SchedulingGated";
    if elements(&status["conditions"]).iter().any(gated) {
        "SchedulingGated".clone_into(&mut reason);
    }
    let (mut restarts, mut of_sidecars) = (Restarts::default(), Restarts::default());
    let (initialising, mut ready) = initialisation(pod, &mut restarts, &mut of_sidecars);
    let under_way = initialising.is_some();
    if let Some(initialising) = initialising {
        reason = initialising;
    }
    if !under_way || has_condition(pod, "Initialized") {
        restarts = of_sidecars;
        let mut running = false;
        for container in elements(&status["containerStatuses"]).iter().rev() {
            restarts.add(container);
            let state = &container["state"];
            let waiting = plain(&state["waiting"]["reason"]);
            if !waiting.is_empty() {
                waiting.clone_into(&mut reason);
            } else if state["terminated"].is_object() {
                reason = termination(&state["terminated"]);
            } else if container["ready"] == true && state["running"].is_object() {
                running = true;
                ready += 1;
            }
        }
        if reason == "Completed" && running {
            let word = if has_condition(pod, "Ready") {
                "Running"
            } else {
                "NotReady"
            };
            word.clone_into(&mut reason);
        }
    }
    if pod["metadata"]["deletionTimestamp"].is_string() {
        if status["reason"] == "NodeLost" {
            "Unknown".clone_into(&mut reason);
        } else if !matches!(plain(&status["phase"]), "Succeeded" | "Failed") {
            "Terminating".clone_into(&mut reason);
        }
    }
    let total = elements(&spec["containers"]).len() + sidecars(pod).count();
    let address = elements(&status["podIPs"]).first().unwrap_or(&Value::Null);
    vec![
        name(pod),
        format!("{ready}/{total}").into(),
        reason.into(),
        restarts.written(now).into(),
        created(pod, now),
        or_none(plain(&address["ip"])).into(),
        or_none(plain(&spec["nodeName"])).into(),
        or_none(plain(&status["nominatedNodeName"])).into(),
        readiness_gates(pod).into(),
    ]
}

fn readiness_gates(pod: &Value) -> String {
    let gates = elements(&pod["spec"]["readinessGates"]);
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let holding = gates
        .iter()
        .filter(|gate| has_condition(pod, plain(&gate["conditionType"])));
    format!("{}/{}", holding.count(), gates.len())
}
