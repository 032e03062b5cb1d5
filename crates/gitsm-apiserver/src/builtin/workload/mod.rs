//! Pods and the kinds that are about pods: stored and checked, never run.

mod apps;
mod container;
mod defaults;
mod pod;
mod selector;

pub(super) use apps::{DAEMON_SET, DEPLOYMENT, REPLICA_SET, STATEFUL_SET};
pub(super) use container::port_name;
pub(super) use pod::POD;
pub(super) use selector::check as check_selector;
