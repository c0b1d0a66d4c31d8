//! filmdesk-fileset
