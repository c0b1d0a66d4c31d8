//! filmdesk-archive
