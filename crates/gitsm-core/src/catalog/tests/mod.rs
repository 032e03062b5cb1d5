//! Vectors and laws of the graph.

mod laws;
mod vectors;

use super::{BlastRadius, Graph, GraphSource, NodeId};
use crate::ident::ResourceName;
use serde_json::{Value, json};

/// `name` is a service, `ci/name` a configuration item, all in one namespace.
fn node(name: &str) -> NodeId {
    let full = match name.strip_prefix("ci/") {
        Some(item) => format!("ConfigurationItem/n/{item}"),
        None => format!("ITService/n/{name}"),
    };
    full.parse().unwrap()
}

fn environment(name: &str) -> ResourceName {
    name.parse().unwrap()
}

/// Services and items by name with their facts, and dependencies as `from -> to` with what else they say.
fn graph(nodes: &[(&str, Value)], dependencies: &[(&str, &str, Value)]) -> Graph {
    let nodes: serde_json::Map<_, _> = nodes
        .iter()
        .map(|(name, facts)| (node(name).to_string(), facts.clone()))
        .collect();
    let dependencies: Vec<_> = dependencies
        .iter()
        .map(|(from, to, more)| {
            let mut dependency = json!({"from": node(from), "to": node(to)});
            dependency
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            dependency
        })
        .collect();
    let source: GraphSource =
        serde_json::from_value(json!({"nodes": nodes, "dependencies": dependencies})).unwrap();
    Graph::new(source)
}

fn blast(graph: &Graph, failed: &[&str], place: Option<&str>) -> BlastRadius {
    let failed: Vec<_> = failed.iter().map(|name| node(name)).collect();
    graph.blast_radius(&failed, place.map(environment).as_ref())
}

/// Names of what is down and what is degraded, sorted.
fn names(radius: &BlastRadius) -> (Vec<String>, Vec<String>) {
    let sorted = |impacts: &[super::Impact]| {
        let mut names: Vec<_> = impacts
            .iter()
            .map(|impact| impact.node.short().replace("n/", ""))
            .collect();
        names.sort();
        names
    };
    (sorted(&radius.down), sorted(&radius.degraded))
}
