//! What must be known before the first object is judged: policies, and services where a policy asks for them.

use super::{Options, RunError, classify, parallel};
use crate::input::{self, Input};
use crate::yaml::{self, Limits, Node, NodeValue};
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
}

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
    let policy = |index: usize, object| {
        Some(PolicyDocument {
            file: Arc::clone(&input.files()[index].name),
            judged: true,
            object,
        })
    };
    let found = objects(input, &options.limits, options.jobs, "RecordPolicy", policy)?;
    prelude.policies.extend(found);
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
        let found = objects(input, &options.limits, options.jobs, "ITService", service)?;
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

/// What `keep` makes of all objects of one kind, in file order; it is given the index of the file and the object.
pub(crate) fn objects<T: Send>(
    input: &dyn Input,
    limits: &Limits,
    jobs: usize,
    kind: &str,
    keep: impl Fn(usize, Value) -> Option<T> + Sync,
) -> Result<Vec<T>, RunError> {
    let limit = limits.file_bytes as u64;
    let finder = memchr::memmem::Finder::new(kind);
    let charts = classify::charts(input.files());
    let found = parallel::map(input.files().len(), jobs, |index| {
        let file = &input.files()[index];
        // What is not judged has no say in judging: files of other tools, and larger ones, which are refused.
        let skipped = classify::skipped_by_name(&file.name, &|name| charts.contains(name));
        if skipped.is_some() || file.size > limit {
            return Ok(Vec::new());
        }
        let bytes = input::read(input, index, limit)?;
        if finder.find(&input::spelt_out(&bytes)).is_none() {
            return Ok(Vec::new());
        }
        let read = yaml::read(&bytes, limits);
        let mut objects = Vec::new();
        for document in &read.documents {
            collect(&document.root, kind, &mut |object| {
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

/// Calls `found` for the document, or each element of a list, that is of the kind.
fn collect(node: &Node<'_>, kind: &str, found: &mut dyn FnMut(Value)) {
    let is = |field: &str, wanted: &str| matches!(node.get(field).map(|node| &node.value), Some(NodeValue::Scalar { raw, .. }) if raw == wanted);
    if is("kind", kind) && is("apiVersion", gitsm_api::API_VERSION) {
        found(node.to_json());
    } else if let Some(items) = node.get("items") {
        for item in items.items() {
            collect(item, kind, found);
        }
    }
}
