//! gitsm-git
