//! gitsm-check
