//! filmdesk-web
