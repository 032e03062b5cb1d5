//! GS105: an anchor, alias or merge key is used.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS105",
    name: "yaml-alias",
    level: Level::Error,
    summary: "an anchor, alias or merge key is used",
    explanation: "With aliases the value of a field stands somewhere else, so a change in one place silently \
                  changes others, and a few lines can expand to gigabytes. Where an estate needs them, the option \
                  `allow_anchors` expands them within a bound.",
    bad: "metadata:\n  labels: &labels {team: payments}\nspec:\n  selector: *labels\n",
    good: "metadata:\n  labels: {team: payments}\nspec:\n  selector: {team: payments}\n",
};
