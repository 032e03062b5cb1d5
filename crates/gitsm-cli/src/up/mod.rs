//! `gitsm up`: the control plane of one folder, and what is done with it from outside.
//!
//! | module | does |
//! |---|---|
//! | `data` | the data folder: where it is, its version, who has it |
//! | `remembered` | what a start is told once |
//! | `running` | the note that a running server leaves in the folder |
//! | `source` | which commit of which repository is applied |
//! | `kubeconfig` | the file that clients connect with |
//! | `embedded` | the server in this process |
//! | `definitions`, `cluster`, `apply` | writing definitions and an estate to a server, embedded or not |
//! | `outcome` | what is printed |
//! | `start`, `detach` | one start from beginning to end, in the foreground and in the background |
//! | `control` | asking a running server for a backup |
//! | `archive` | backups as files |

pub(crate) mod apply;
pub(crate) mod archive;
pub(crate) mod cluster;
pub(crate) mod control;
pub(crate) mod data;
pub(crate) mod definitions;
pub(crate) mod detach;
pub(crate) mod embedded;
pub(crate) mod kubeconfig;
pub(crate) mod outcome;
pub(crate) mod remembered;
pub(crate) mod running;
pub(crate) mod source;
pub(crate) mod start;
