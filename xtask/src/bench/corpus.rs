//! Writes an estate of any size to measure on: valid, with references that resolve, the same bytes every time.
//!
//! Each document is one file of about 1.8 kB. A third are changes, a third incidents, a third services; with them
//! come the few dozen objects that they refer to. Areas (namespaces) hold at most thirty of each, so that folders
//! stay as small as people keep them.

use anyhow::Context as _;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Documents of one kind in one namespace.
const PER_AREA: usize = 30;
/// How many bytes a document has, give or take a sentence.
const DOCUMENT_BYTES: usize = 1800;
const TEAMS: usize = 12;
const MEMBERS_PER_TEAM: usize = 5;

/// Where a corpus was written, and what is in it.
pub(crate) struct Corpus {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// One change of it.
    pub(crate) one_file: PathBuf,
    /// Changes, incidents and services.
    pub(crate) documents: usize,
    /// Bytes of these.
    pub(crate) bytes: usize,
}

/// Writes `documents` changes, incidents and services, and what they refer to, into `folder`, which is emptied
/// first.
pub(crate) fn write(folder: &Path, documents: usize) -> anyhow::Result<Corpus> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let mut writer = Writer {
        folder,
        random: Random(0x6974_736d),
        bytes: 0,
    };
    writer.shared()?;
    let areas = documents.div_ceil(3 * PER_AREA);
    for area in 0..areas {
        writer.area_objects(area)?;
        let left = documents - area * 3 * PER_AREA;
        for number in 0..PER_AREA.min(left.div_ceil(3)) {
            writer.service(area, number)?;
        }
        for number in 0..PER_AREA.min((left + 1) / 3) {
            writer.change(area, number)?;
        }
        for number in 0..PER_AREA.min(left / 3) {
            writer.incident(area, number)?;
        }
    }
    Ok(Corpus {
        folder: folder.to_owned(),
        one_file: folder.join("area-0000/changes/change-00.yaml"),
        documents,
        bytes: writer.bytes,
    })
}

struct Writer<'a> {
    folder: &'a Path,
    random: Random,
    bytes: usize,
}

impl Writer<'_> {
    fn file(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Teams, the catalogue, the calendar, models and the approval policy.
    fn shared(&self) -> anyhow::Result<()> {
        for team in 0..TEAMS {
            let mut text = format!(
                "{HEAD}kind: Team\nmetadata:\n  name: team-{team:02}\nspec:\n  displayName: Team {team:02}\n  members:\n"
            );
            for member in 0..MEMBERS_PER_TEAM {
                let _ = writeln!(
                    text,
                    "    - id: member-{team:02}-{member}\n      forgeLogin: member-{team:02}-{member}"
                );
            }
            let _ = write!(
                text,
                "  onCall:\n    members: [member-{team:02}-0, member-{team:02}-1]\n"
            );
            self.file(&format!("teams/team-{team:02}.yaml"), &text)?;
        }
        self.file("process/catalogue.yaml", &format!("{HEAD}{CATALOG}"))?;
        self.file("process/calendar.yaml", &format!("{HEAD}{CALENDAR}"))?;
        self.file("process/approval.yaml", &format!("{HEAD}{APPROVAL}"))?;
        for (name, kind) in MODELS {
            let text = format!(
                "{HEAD}kind: ChangeModel\nmetadata:\n  name: {name}\nspec:\n  type: {kind}\n  state: Active\n  title: A {name} change\n  owner: team-00\n  approvalPolicy: peers\n"
            );
            self.file(&format!("process/{name}.yaml"), &text)?;
        }
        Ok(())
    }

    /// What the services of an area refer to in their own namespace.
    fn area_objects(&self, area: usize) -> anyhow::Result<()> {
        let sla = format!(
            "{HEAD}kind: SLAPolicy\nmetadata:\n  name: gold\n  namespace: area-{area:04}\nspec:\n  appliesTo:\n    kind: Incident\n  metric: Resolve\n  targets:\n    - priority: P1\n      minutes: 240\n    - minutes: 2400\n  calendar: office\n"
        );
        self.file(&format!("area-{area:04}/gold.yaml"), &sla)?;
        let runbook = format!(
            "{HEAD}kind: Runbook\nmetadata:\n  name: restart\n  namespace: area-{area:04}\nspec:\n  title: Restart a service\n  owner: team-{:02}\n  steps:\n    - id: restart\n      type: Text\n      text: Roll the workload, then look at its metrics.\n",
            area % TEAMS
        );
        self.file(&format!("area-{area:04}/restart.yaml"), &runbook)
    }

    fn service(&mut self, area: usize, number: usize) -> anyhow::Result<()> {
        let team = self.random.below(TEAMS);
        let mut text = format!(
            "{HEAD}kind: ITService\nmetadata:\n  name: service-{number:02}\n  namespace: area-{area:04}\n  labels:\n    domain: area-{area:04}\n    cost-centre: cc-{}\nspec:\n  displayName: Service {number:02} of area {area:04}\n  description: >-\n",
            self.random.below(900) + 100
        );
        let mut rest = format!(
            "  owner: team-{team:02}\n  support: team-{:02}\n  tier: {}\n  state: Production\n  environments: [staging, prod]\n",
            (team + 1) % TEAMS,
            self.random.below(4) + 1
        );
        // Only on services before it: an estate without circles.
        if number > 0 {
            rest.push_str("  dependsOn:\n");
            let first = self.random.below(number);
            let _ = writeln!(
                rest,
                "    - ref:\n        name: service-{first:02}\n      strength: Hard"
            );
            let _ = writeln!(
                rest,
                "    - ref:\n        name: service-{:02}\n        namespace: area-{:04}\n      strength: Soft\n      environment: prod",
                0,
                self.random.below(area + 1)
            );
        }
        let _ = writeln!(
            rest,
            "  workloadSelectors:\n    - environment: prod\n      labels:\n        app.kubernetes.io/name: service-{number:02}\n        app.kubernetes.io/part-of: area-{area:04}\n  sources:\n    - path: deploy/area-{area:04}/service-{number:02}\n    - path: charts/service-{number:02}\n      environment: prod\n  slaPolicies:\n    - name: gold\n  runbooks:\n    - name: restart\n  calendar: office\n  changeModel: normal\n  dataClass: internal\n  userFacing: {}\n  attestation:\n    every: 4320h\n    last: 2026-{:02}-14T09:30:00+01:00\n  contact:\n    email: area-{area:04}@example.com\n    chat: \"#area-{area:04}\"\n    url: https://wiki.example.com/area-{area:04}/service-{number:02}",
            self.random.below(2) == 0,
            self.random.below(9) + 1
        );
        self.fill(&mut text, rest.len(), "    ");
        text.push_str(&rest);
        self.document(
            &format!("area-{area:04}/services/service-{number:02}.yaml"),
            &text,
        )
    }

    fn change(&mut self, area: usize, number: usize) -> anyhow::Result<()> {
        let (model, _) = MODELS[self.random.below(MODELS.len())];
        let (requester, implementer) = (self.random.below(TEAMS), self.random.below(TEAMS));
        let day = self.random.below(28) + 1;
        let mut text = format!(
            "{HEAD}kind: Change\nmetadata:\n  name: change-{number:02}\n  namespace: area-{area:04}\n  labels:\n    domain: area-{area:04}\n  annotations:\n    example.com/ticket: \"{}\"\nspec:\n  model: {model}\n  title: Change {number:02} of area {area:04}\n  reason: |\n",
            self.random.below(90_000) + 10_000
        );
        let rest = format!(
            "  requester: member-{requester:02}-0\n  implementer:\n    member: member-{implementer:02}-1\n  services: [service-{number:02}]\n  environment: prod\n  payload:\n    paths:\n      - deploy/area-{area:04}/service-{number:02}/values.yaml\n      - deploy/area-{area:04}/service-{number:02}/patch.yaml\n  plan:\n    start: 2027-02-{day:02}T21:00:00+01:00\n    notAfter: 2027-02-{day:02}T23:00:00+01:00\n    duration: {}m\n    backoutDuration: 30m\n    preparation: 15m\n    interruptsService: {}\n  backout:\n    kind: Manual\n    runbook: restart\n    tested: true\n  testEvidence:\n    - name: upgrade on staging\n      url: https://ci.example.com/runs/{}\n    - name: load test\n      check: load-test\n  riskAnswers:\n    rollbackRehearsed: \"yes\"\n    peakHours: \"no\"\n    dataMigration: {}\n",
            self.random.below(60) + 15,
            self.random.below(2) == 0,
            self.random.below(900_000) + 100_000,
            ["none", "online", "offline"][self.random.below(3)],
        );
        self.fill(&mut text, rest.len(), "    ");
        text.push_str(&rest);
        self.document(&format!("area-{area:04}/changes/change-{number:02}.yaml"), &text)
    }

    fn incident(&mut self, area: usize, number: usize) -> anyhow::Result<()> {
        let team = self.random.below(TEAMS);
        let (day, hour) = (self.random.below(28) + 1, self.random.below(20));
        let mut text = format!(
            "{HEAD}kind: Incident\nmetadata:\n  name: incident-{number:02}\n  namespace: area-{area:04}\n  labels:\n    domain: area-{area:04}\nspec:\n  title: \"Errors of service {number:02}: above {} percent\"\n  description: |\n",
            self.random.below(20) + 2
        );
        let mut rest = format!(
            "  services: [service-{number:02}]\n  environment: prod\n  impact: {}\n  urgency: {}\n  reporter: member-{team:02}-2\n  team: team-{team:02}\n  assignee: member-{team:02}-0\n  roles:\n    commander: member-{team:02}-0\n    communications: member-{team:02}-1\n    scribe: member-{team:02}-2\n  effectiveFrom: 2026-10-{day:02}T{hour:02}:05:00Z\n  ack:\n    by: member-{team:02}-0\n    note: I am looking at it\n  hold:\n    reason: AwaitingChange\n    note: the fix goes in tonight\n    until: 2026-10-{day:02}T23:59:00Z\n  resolution:\n    code: Fixed\n    summary: The fix is in and the error rate is back to normal.\n    effectiveAt: 2026-10-{day:02}T23:30:00Z\n  updates:\n",
            LEVELS[self.random.below(LEVELS.len())],
            LEVELS[self.random.below(LEVELS.len())],
        );
        for minute in [20, 40] {
            let _ = writeln!(
                rest,
                "    - at: 2026-10-{day:02}T{hour:02}:{minute}:00Z\n      by: member-{team:02}-1\n      text: {}",
                self.sentence()
            );
        }
        self.fill(&mut text, rest.len(), "    ");
        text.push_str(&rest);
        self.document(
            &format!("area-{area:04}/incidents/incident-{number:02}.yaml"),
            &text,
        )
    }

    fn document(&mut self, name: &str, text: &str) -> anyhow::Result<()> {
        self.bytes += text.len();
        self.file(name, text)
    }

    /// Adds lines of prose until the text has its size together with the `rest` bytes that follow.
    fn fill(&mut self, text: &mut String, rest: usize, indent: &str) {
        loop {
            let sentence = self.sentence();
            let _ = writeln!(text, "{indent}{sentence}");
            if text.len() + rest + sentence.len() / 2 >= DOCUMENT_BYTES {
                break;
            }
        }
    }

    fn sentence(&mut self) -> String {
        let mut sentence = String::from("The");
        for _ in 0..8 + self.random.below(6) {
            sentence.push(' ');
            sentence.push_str(WORDS[self.random.below(WORDS.len())]);
        }
        sentence.push('.');
        sentence
    }
}

/// Vigna's SplitMix64: enough for varied text, the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // Fewer bits than any usize we build for; the slight bias does not matter here.
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap_or_default() % bound
    }
}

const HEAD: &str = "apiVersion: gitsm.dev/v1alpha1\n";

const CATALOG: &str = "kind: ServiceCatalog\nmetadata:\n  name: everything\nspec:\n  title: Everything\n  owner: team-00\n  services:\n    tiers: [1, 2, 3, 4]\n  changePolicy:\n    defaultWhenNoWindow: Open\n";
const CALENDAR: &str = "kind: BusinessCalendar\nmetadata:\n  name: office\nspec:\n  timeZone: Europe/Berlin\n  weekly:\n    - days: [Monday, Tuesday, Wednesday, Thursday, Friday]\n      from: \"09:00\"\n      to: \"17:30\"\n";

const APPROVAL: &str = "kind: ApprovalPolicy\nmetadata:\n  name: peers\nspec:\n  rules:\n    - name: peers\n      teams: [team-00, team-01]\n      count: 2\n";

const MODELS: [(&str, &str); 3] = [
    ("normal", "Normal"),
    ("normal-database-upgrade", "Normal"),
    ("standard-restart", "Standard"),
];

const LEVELS: [&str; 3] = ["High", "Medium", "Low"];

const WORDS: [&str; 24] = [
    "service",
    "answers",
    "slowly",
    "since",
    "last",
    "release",
    "queue",
    "grows",
    "during",
    "peak",
    "hours",
    "customers",
    "see",
    "timeouts",
    "database",
    "connection",
    "pool",
    "is",
    "exhausted",
    "restart",
    "helps",
    "for",
    "minutes",
    "only",
];
