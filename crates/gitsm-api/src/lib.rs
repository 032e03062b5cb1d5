//! gitsm-api
