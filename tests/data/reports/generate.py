#!/usr/bin/env python3
"""Computes the figures of examples/records/january-2027.yaml a second time, independently of gitsm.

Writes january-2027.json beside it: for each figure (and group) n, value, p50 and p90. Needs PyYAML.
Run it after the records change, and look at the difference before it is committed.
"""

import json
import math
import pathlib
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import yaml

HERE = pathlib.Path(__file__).parent
ZONE = ZoneInfo("Europe/Berlin")
FROM = datetime(2027, 1, 1, tzinfo=ZONE)
TO = datetime(2027, 2, 1, tzinfo=ZONE)
PRODUCTION = {"prod", "production"}
DAY = timedelta(days=1)

items = yaml.safe_load((HERE / "../../../examples/records/january-2027.yaml").read_text())["items"]


def at(text):
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))


def inside(moment):
    return moment is not None and FROM.timestamp() <= moment.timestamp() < TO.timestamp()


def of(kind):
    return [(item, item["spec"], item.get("status", {})) for item in items if item["kind"] == kind]


def seconds(begin, end):
    return int((end - begin).total_seconds())


def nearest(part, whole):
    """Rounded to the nearest whole number, halves up."""
    return math.floor(part / whole + 0.5)


figures = {}


def durations(name, values, stands):
    values = sorted(values)
    if not values:
        figures[name] = {"n": 0}
        return
    rank = lambda percent: values[math.ceil(percent * len(values) / 100) - 1]
    value = rank(50) if stands == "median" else nearest(sum(values), len(values))
    figures[name] = {"n": len(values), "value": value, "p50": rank(50), "p90": rank(90)}


def share(name, values):
    values = list(values)
    figures[name] = {"n": len(values)}
    if values:
        figures[name]["value"] = nearest(1000 * sum(values), len(values))


changes, incidents = of("Change"), of("Incident")
key = lambda item: (item["metadata"]["namespace"], item["metadata"]["name"])
incident_by_key = {key(item): (spec, status) for item, spec, status in incidents}


def first(item, status):
    """When it was written down."""
    moments = [at(item["metadata"].get("creationTimestamp"))] + [at(event["at"]) for event in status.get("events", [])]
    return min((moment for moment in moments if moment), default=None)


def moved(status, phase):
    return [at(event["at"]) for event in status.get("events", []) if event.get("to") == phase]


def caused(item, status):
    own = item["metadata"]["namespace"]
    named = {(one.get("namespace", own), one["name"]) for one in status.get("causedIncidents", [])}
    for other, spec, _ in incidents:
        cause = spec.get("links", {}).get("causedBy")
        if cause and (cause.get("namespace", other["metadata"]["namespace"]), cause["name"]) == key(item):
            named.add(key(other))
    return named


def detected(spec, status):
    return min((m for m in (at(spec.get("effectiveFrom")), at(status.get("detectedAt"))) if m), default=None)


def resolved(spec, status):
    recorded = at(status.get("resolvedAt"))
    effective = at(spec.get("resolution", {}).get("effectiveAt"))
    return min(recorded, effective) if recorded and effective else recorded


# Changes
production = [one for one in changes if one[1]["environment"] in PRODUCTION]
deployed = []
for item, spec, status in production:
    moment = max(moved(status, "Validating"), default=None)
    if moment is None and status.get("outcome") != "BackedOut" and status.get("phase") in ("Validating", "Review", "Closed"):
        moment = at(status.get("finishedAt"))
    if inside(moment):
        deployed.append(moment)
figures["changeLeadTime"] = {"n": 0}
days = (TO.timestamp() - FROM.timestamp()) / 86400
figures["deploymentFrequency"] = {"n": len(deployed), "value": nearest(1000 * len(deployed), days)}

ended = [one for one in production if inside(at(one[2].get("finishedAt")))]
fails, recoveries = [], []
for item, spec, status in ended:
    finished = at(status["finishedAt"])
    limit = max(finished, at(status.get("soakUntil")) or finished) + DAY
    hit = [incident_by_key[one] for one in caused(item, status)]
    late = any(detected(*one) <= limit for one in hit)
    if not late and "outcome" not in status:
        continue
    fails.append(late or status["outcome"] in ("Unsuccessful", "BackedOut"))
    if fails[-1]:
        recoveries.append(seconds(finished, max(moved(status, "BackedOut") + [resolved(*one) for one in hit])))
share("changeFailRate", fails)
durations("failedDeploymentRecoveryTime", recoveries, "median")
share("deploymentReworkRate", ["incident" in spec.get("relates", {}) for _, spec, _ in ended])

POINTS = {"Successful": 3, "SuccessfulWithIssues": -2, "Unsuccessful": -5, "BackedOut": -5}
PENALTY = {"P1": 10, "P2": 5, "P3": 2}
for item, spec, status in changes:
    if inside(at(status.get("finishedAt"))):
        # Without implementer: the owner of the service in examples/acme.
        team = spec.get("implementer", {}).get("team", "platform")
        figure = figures.setdefault(f"changeSuccessScore {team}", {"n": 0})
        if "outcome" in status:
            lost = sum(PENALTY.get(incident_by_key[one][1]["priority"], 0) for one in caused(item, status))
            figure["n"] += 1
            figure["value"] = figure.get("value", 0) + POINTS[status["outcome"]] - lost

begun = [one for one in changes if inside(at(one[2].get("startedAt")))]
waited = whole = counted = 0
for item, spec, status in begun:
    if not status.get("events"):
        continue
    start, since = at(status["startedAt"]), None
    for event in status["events"]:
        if event["to"] == "AwaitingApproval":
            since = at(event["at"])
        elif since is not None:
            waited += seconds(since, min(at(event["at"]), start))
            since = None
    whole += seconds(first(item, status), start)
    counted += 1
figures["approvalWaitShare"] = {"n": counted, "value": nearest(1000 * waited, whole)}
# One change has its type from its model in examples/acme, which is Standard.
share("emergencyRatio", [status.get("type", "Standard") == "Emergency" for _, _, status in begun])
share("unauthorizedRatio", [status.get("unauthorized", False) for _, _, status in begun])
figures["conflictEscapeRate"] = {"n": 0}

# Incidents
acknowledged = [(one, at(one[2].get("acknowledgedAt"))) for one in incidents]
durations("timeToAcknowledge", [seconds(first(one[0], one[2]), moment) for one, moment in acknowledged if inside(moment)], "mean")
mitigated = [(one, at(one[2].get("mitigatedAt"))) for one in incidents]
durations("timeToMitigate", [seconds(detected(one[1], one[2]), moment) for one, moment in mitigated if inside(moment)], "mean")
done = [one for one in incidents if inside(resolved(one[1], one[2]))]
durations("timeToResolve", [seconds(detected(one[1], one[2]), resolved(one[1], one[2])) for one in done], "mean")
figures["firstAssignmentResolution"] = {"n": 0}
share("reopenRate", [status.get("reopenCount", 0) > 0 for _, _, status in done])
seen = [one for one in incidents if inside(detected(one[1], one[2]))]
real = [one for one in seen if one[2]["phase"] != "Cancelled"]
all_caused = set().union(*(caused(item, status) for item, _, status in changes))
share("changeCausedIncidentShare", [key(item) in all_caused for item, _, _ in real])
problems = {key(item): (spec, status) for item, spec, status in of("Problem")}


def problem(item, spec):
    link = spec.get("links", {}).get("problem")
    return problems[(link.get("namespace", item["metadata"]["namespace"]), link["name"])] if link else None


closed = [one for one in incidents if inside(at(one[2].get("closedAt"))) and one[2]["phase"] != "Cancelled"]
share("knownErrorCoverage", [bool((problem(item, spec) or ({},))[0].get("knownError")) for item, spec, _ in closed])
again = 0
for item, spec, status in real:
    cause = problem(item, spec)
    over = at(cause[1].get("resolvedAt")) if cause else None
    again += over is not None and over <= detected(spec, status)
figures["recurrence"] = {"n": again, **({"value": again} if again else {})}
alerts = [status.get("alertCount", 0) for _, _, status in seen]
figures["alertsPerIncident"] = {"n": len(alerts), "value": nearest(1000 * sum(alerts), len(alerts))}
share("falsePositiveShare", [status["phase"] == "Cancelled" for _, _, status in seen])

# Service levels, reviews, requests, catalogue
for _, _, status in changes + incidents + of("ServiceRequest"):
    for clock in status.get("slaClocks", []):
        if clock["state"] in ("Met", "Stopped") and inside(at(clock.get("stoppedAt"))):
            figure = figures.setdefault(f"breachedServiceLevels {clock['metric']}", {"n": 0, "late": 0})
            figure["n"] += 1
            figure["late"] += clock["state"] == "Stopped"
for name in [name for name in figures if name.startswith("breached")]:
    figures[name]["value"] = nearest(1000 * figures[name].pop("late"), figures[name]["n"])

merged = {(spec["subject"]["kind"], item["metadata"]["namespace"], spec["subject"]["name"]): at(status.get("mergedAt"))
          for item, spec, status in of("Review")}
on_time = []
for item, _, status in changes:
    for clock in status.get("slaClocks", []):
        if clock["metric"] == "Review" and inside(at(clock.get("breachAt"))):
            moment = merged.get(("Change", *key(item)))
            on_time.append(moment is not None and moment <= at(clock["breachAt"]))
share("reviewOnTime", on_time)
actions = [action for _, spec, _ in of("Review") for action in spec.get("actions", [])]
last_moment = lambda day: datetime.combine(datetime.fromisoformat(day), time(23, 59, 59), tzinfo=ZONE)
share("actionClosure", [action.get("state", "Open") != "Open" for action in actions if inside(last_moment(action["due"]))])

requests = [one for one in of("ServiceRequest") if inside(at(one[2].get("fulfilledAt")))]
durations("requestLeadTime", [seconds(first(item, status), at(status["fulfilledAt"])) for item, _, status in requests if first(item, status)], "median")
# The first went through untouched, the second was tried again, nothing is known of the third.
share("touchlessRate", [True, False])

databases = of("ConfigurationItem")
figures["catalogIncomplete database"] = {"n": 0}
for name, state in (("Stale", "Stale"), ("Orphan", "Orphan"), ("Duplicate", "Duplicate")):
    share(f"catalog{name} database", [status["state"] == state for _, _, status in databases])

(HERE / "january-2027.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
