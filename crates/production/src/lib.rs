//! filmdesk-production
