//! What must be known before the first object is judged: policies, what changes are judged by (windows, calendars,
//! catalogues, models), and services where a policy asks for them.

use super::rulebook::Rulebook;
use super::{Options, RunError, classify, parallel};
use crate::input::{self, Input};
use crate::yaml::{self, Limits, Node, NodeValue};
use gitsm_api::domain::change_window::salvage;
use gitsm_api::estate::Estate;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// What the first pass found.
#[derive(Default)]
pub(crate) struct Prelude {
    /// `RecordPolicy` objects of the input, in file order.
    pub(crate) policies: Vec<PolicyDocument>,
    /// Services, if any policy looks at the service of an object.
    pub(crate) services: ServiceStore,
    /// The few objects by which the others are judged.
    pub(crate) rulebook: Rulebook,
}

/// Kinds by which others are judged: there are few of them, whatever the size of the estate.
const RULEBOOK: [&str; 7] = [
    "ApprovalPolicy",
    "BusinessCalendar",
    "ChangeModel",
    "ChangeWindow",
    "ServiceCatalog",
    "Team",
    "WindowOverride",
];

/// A policy where it was found.
#[derive(Clone)]
pub(crate) struct PolicyDocument {
    pub(crate) file: Arc<str>,
    /// Whether the file is part of what is judged, at the base or at the head, so that its faults are findings
    /// there.
    pub(crate) judged: bool,
    pub(crate) object: Value,
}

/// Namespace and name.
type ServiceKey = (Box<str>, Box<str>);

/// Services as compact text: an object tree takes several times as much, and there may be thousands.
#[derive(Default)]
pub(crate) struct ServiceStore {
    /// By namespace and name.
    services: HashMap<ServiceKey, Box<[u8]>>,
}

impl ServiceStore {
    /// The service of this namespace and name.
    pub(crate) fn get(&self, namespace: &str, name: &str) -> Option<Value> {
        let text = self.services.get(&(Box::from(namespace), Box::from(name)))?;
        serde_json::from_slice(text).ok()
    }
}

/// Reads the policies, and the services if a policy mentions them. `base` are the policies of the other side of
/// a range, which hold as well.
pub(crate) fn read(
    input: &dyn Input,
    base: &[PolicyDocument],
    options: &Options,
) -> Result<Prelude, RunError> {
    let mut prelude = Prelude {
        policies: base.to_vec(),
        ..Prelude::default()
    };
    for source in &options.policies {
        prelude.policies.push(PolicyDocument {
            file: Arc::clone(&source.file),
            judged: false,
            object: source.object.clone(),
        });
    }
    let mut kinds = vec!["RecordPolicy"];
    kinds.extend(RULEBOOK);
    let found = objects(input, &options.limits, options.jobs, &kinds, |index, object| {
        Some((index, object))
    })?;
    let mut rulebook = Estate::default();
    let mut broken_windows = Vec::new();
    for (index, object) in found {
        if object.get("kind").and_then(Value::as_str) == Some("RecordPolicy") {
            prelude.policies.push(PolicyDocument {
                file: Arc::clone(&input.files()[index].name),
                judged: true,
                object,
            });
        } else if let Err(problem) = rulebook.insert(&object) {
            // That is reported where it stands. Here a window that cannot be added closes what it might be about.
            broken_windows.extend(salvage(&object, &problem.to_string()));
        }
    }
    prelude.rulebook = Rulebook::new(rulebook, broken_windows);
    // The same policy may be given several times: in the estate and on the command line, at base and at head.
    let mut distinct: Vec<PolicyDocument> = Vec::with_capacity(prelude.policies.len());
    for policy in prelude.policies {
        if distinct.iter().all(|known| known.object != policy.object) {
            distinct.push(policy);
        }
    }
    prelude.policies = distinct;
    if prelude
        .policies
        .iter()
        .any(|policy| mentions_service(&policy.object))
    {
        let service = |_, object| {
            let id = super::file::identity("ITService", true, &object);
            let text = serde_json::to_vec(&object).ok()?;
            Some(((id.namespace.into(), id.name.into()), text.into_boxed_slice()))
        };
        let found = objects(input, &options.limits, options.jobs, &["ITService"], service)?;
        prelude.services.services = found.into_iter().collect();
    }
    Ok(prelude)
}

/// Whether any expression of a policy names `service`; a false yes only costs time.
fn mentions_service(policy: &Value) -> bool {
    policy
        .get("spec")
        .is_some_and(|spec| spec.to_string().contains("service"))
}

/// What `keep` makes of all objects of some kinds, in file order; it is given the index of the file and the object.
pub(crate) fn objects<T: Send>(
    input: &dyn Input,
    limits: &Limits,
    jobs: usize,
    kinds: &[&str],
    keep: impl Fn(usize, Value) -> Option<T> + Sync,
) -> Result<Vec<T>, RunError> {
    let limit = limits.file_bytes as u64;
    let finders: Vec<_> = kinds
        .iter()
        .map(|kind| memchr::memmem::Finder::new(*kind))
        .collect();
    let charts = classify::charts(input.files());
    let found = parallel::map(input.files().len(), jobs, |index| {
        let file = &input.files()[index];
        // What is not judged has no say in judging: files of other tools, and larger ones, which are refused.
        let skipped = classify::skipped_by_name(&file.name, &|name| charts.contains(name));
        if skipped.is_some() || file.size > limit {
            return Ok(Vec::new());
        }
        let bytes = input::read(input, index, limit)?;
        let text = input::spelt_out(&bytes);
        if finders.iter().all(|finder| finder.find(&text).is_none()) {
            return Ok(Vec::new());
        }
        let read = yaml::read(&bytes, limits);
        let mut objects = Vec::new();
        for document in &read.documents {
            collect(&document.root, kinds, &mut |object| {
                objects.extend(keep(index, object));
            });
        }
        Ok(objects)
    })
    .map_err(RunError::Thread)?;
    let mut all = Vec::new();
    for objects in found {
        all.append(&mut objects.map_err(RunError::Read)?);
    }
    Ok(all)
}

/// Calls `found` for the document, or each element of a list, that is of one of the kinds.
fn collect(node: &Node<'_>, kinds: &[&str], found: &mut dyn FnMut(Value)) {
    let is = |field: &str, wanted: &[&str]| matches!(node.get(field).map(|node| &node.value), Some(NodeValue::Scalar { raw, .. }) if wanted.contains(&&**raw));
    if is("kind", kinds) && is("apiVersion", &[gitsm_api::API_VERSION]) {
        found(node.to_json());
    } else if let Some(items) = node.get("items") {
        for item in items.items() {
            collect(item, kinds, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::MemoryInput;

    const FREEZE: &str = "apiVersion: gitsm.dev/v1alpha1\nkind: ChangeWindow\nmetadata: {name: peak, namespace: shop}\n\
        spec:\n  type: Freeze\n  timeZone: UTC\n  reason: Peak\n  selector: {tiers: [1]}\n  \
        interval: {start: 2027-01-01T00:00:00Z, end: 2027-01-02T00:00:00Z}\n";

    #[test]
    fn a_window_that_cannot_be_added_closes_what_it_might_be_about() {
        let options = Options {
            at: jiff::Timestamp::UNIX_EPOCH,
            limits: Limits::default(),
            jobs: 1,
            list_judged: false,
            only: Vec::new(),
            policies: Vec::new(),
        };
        for (text, read_as) in [
            (FREEZE.to_owned(), (1, vec![])),
            (
                FREEZE.replace("timeZone: UTC", "timeZone: Mars/Base"),
                (0, vec!["shop/peak"]),
            ),
            (
                FREEZE.replace("name: peak", "name: Peak.27"),
                (0, vec!["shop/peak-27"]),
            ),
            (FREEZE.replace("name: peak, ", ""), (0, vec!["shop/unnamed"])),
            (format!("{FREEZE}---\n{FREEZE}"), (1, vec!["shop/peak"])),
        ] {
            let input = MemoryInput::new().with("peak.yaml", text.as_str());
            let prelude = read(&input, &[], &options).unwrap();
            let windows = prelude.rulebook.windows();
            let broken: Vec<_> = windows.broken.iter().map(|one| one.id.to_string()).collect();
            assert_eq!(
                (windows.windows.len(), broken),
                (read_as.0, read_as.1.into_iter().map(str::to_owned).collect()),
                "{text}"
            );
            assert!(windows.broken.iter().all(|one| one.selector.is_some()));
        }
    }
}
