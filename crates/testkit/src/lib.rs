//! filmdesk-testkit
