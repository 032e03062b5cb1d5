//! gitsm-core
