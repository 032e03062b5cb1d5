//! What `gitsm fmt` does with a file: the keys of our resources in the order in which the types declare them.

use crate::engine::KindSet;
use crate::input::mentions_gitsm;
use crate::yaml::{self, Document, Limits};
use gitsm_schema::{Path, Segment};
use std::collections::HashMap;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Formatted {
    /// It is as it should be, or holds nothing of ours.
    Unchanged,
    /// It should read like this.
    Changed {
        /// The whole text.
        text: String,
        /// Maps whose order was left as it is, and why.
        kept: Vec<String>,
    },
    /// It cannot be formatted; this is why.
    Refused(String),
}

/// Brings the resources of a file into canonical key order, keeping comments, quotes and line breaks.
///
/// Documents of other kinds are left alone, and so is a file that cannot be read without errors.
pub fn format(bytes: &[u8]) -> Formatted {
    if !mentions_gitsm(bytes, KindSet::new().names()) {
        return Formatted::Unchanged;
    }
    let file = yaml::read(bytes, &Limits::default());
    if let Some(problem) = file.problems.iter().find(|problem| problem.is_error()) {
        return Formatted::Refused(format!("line {}: {}", problem.span.start.line, problem.message));
    }
    let orders: HashMap<u32, Order> = file
        .documents
        .iter()
        .filter_map(|document| Some((document.index, Order::of(document)?)))
        .collect();
    if orders.is_empty() {
        return Formatted::Unchanged;
    }
    let order = |document: &Document<'_>, path: &Path| orders.get(&document.index)?.keys(path);
    let formatted = yaml::format(&file, &order);
    if formatted.text == file.text {
        return Formatted::Unchanged;
    }
    let kept = formatted
        .kept
        .iter()
        .map(|kept| format!("line {}: {}", kept.span.start.line, kept.reason))
        .collect();
    Formatted::Changed {
        text: formatted.text,
        kept,
    }
}

/// The order of the keys of every map of one object.
struct Order(HashMap<Path, Vec<String>>);

impl Order {
    /// The order in which the object's type writes it; `None` for objects that are not ours or do not decode.
    fn of(document: &Document<'_>) -> Option<Self> {
        let object = document.root.to_json();
        if object.get("apiVersion")?.as_str()? != gitsm_api::API_VERSION {
            return None;
        }
        let written = gitsm_api::find(object.get("kind")?.as_str()?)?.in_declared_order(&object)?;
        let mut orders = HashMap::new();
        collect(&written, &mut Path::root(), &mut orders);
        Some(Self(orders))
    }

    fn keys(&self, path: &Path) -> Option<&[String]> {
        self.0.get(path).map(Vec::as_slice)
    }
}

fn collect(value: &serde_yaml::Value, path: &mut Path, orders: &mut HashMap<Path, Vec<String>>) {
    match value {
        serde_yaml::Value::Mapping(map) => {
            let keys: Vec<String> = map
                .keys()
                .filter_map(|key| key.as_str().map(str::to_owned))
                .collect();
            for (key, inner) in map {
                if let Some(key) = key.as_str() {
                    path.push(Segment::Field(key.to_owned()));
                    collect(inner, path, orders);
                    path.pop();
                }
            }
            orders.insert(path.clone(), keys);
        }
        serde_yaml::Value::Sequence(items) => {
            for (index, inner) in items.iter().enumerate() {
                path.push(Segment::Index(index));
                collect(inner, path, orders);
                path.pop();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_take_the_order_of_the_type_and_comments_go_with_them() {
        let text = "kind: Team\napiVersion: gitsm.dev/v1alpha1\nspec:\n  # whom it reports to\n  parent: shop\n  displayName: Payments # shown\nmetadata:\n  name: payments\n";
        let Formatted::Changed { text, kept } = format(text.as_bytes()) else {
            panic!("must change")
        };
        assert_eq!(
            text,
            "apiVersion: gitsm.dev/v1alpha1\nkind: Team\nmetadata:\n  name: payments\nspec:\n  displayName: Payments # shown\n  # whom it reports to\n  parent: shop\n"
        );
        assert_eq!(kept, Vec::<String>::new());
        assert_eq!(format(text.as_bytes()), Formatted::Unchanged);
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        assert_eq!(format(b"kind: Service\napiVersion: v1\n"), Formatted::Unchanged);
        assert!(matches!(
            format(b"kind: Team\napiVersion: gitsm.dev/v1alpha1\nx: [\n"),
            Formatted::Refused(_)
        ));
    }
}
