//! filmdesk-instance
