//! GS112: a file is a Git LFS pointer.

use super::RuleMeta;
use crate::diagnostic::Level;

pub(crate) static META: RuleMeta = RuleMeta {
    id: "GS112",
    name: "tree-lfs-pointer",
    level: Level::Error,
    summary: "A file is a Git LFS pointer",
    explanation: "The pointer names content that lies on another server and was not part of the review. Filters \
                  are never run, so the content would not be read either.",
    bad: "\
version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
",
    good: "\
apiVersion: gitsm.dev/v1alpha1
kind: Team
metadata:
  name: payments
spec:
  displayName: Payments
",
};
