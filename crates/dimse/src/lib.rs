//! filmdesk-dimse
