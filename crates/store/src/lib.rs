//! filmdesk-store
