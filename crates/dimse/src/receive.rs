//! What happens to objects that arrive, by C-GET on our own association or by C-STORE to our SCP.

use std::io;
use std::ops::ControlFlow;

/// A C-STORE request as its command set says; both UIDs are well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreRequest {
    /// Affected SOP Class UID.
    pub sop_class_uid: String,
    /// Affected SOP Instance UID.
    pub sop_instance_uid: String,
    /// Of the presentation context: what the data set is written in.
    pub transfer_syntax: String,
    /// Move Originator AE title and message ID, when it is a sub-operation of a C-MOVE.
    pub move_originator: Option<(String, u16)>,
}

/// The status of a C-STORE response, PS3.4 §B.2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreStatus(pub u16);

impl StoreStatus {
    /// Stored.
    pub const SUCCESS: StoreStatus = StoreStatus(0x0000);
    /// The instance's UID is no UID, or contradicts itself.
    pub const INVALID_OBJECT: StoreStatus = StoreStatus(0x0117);
    /// Nobody here asked for it.
    pub const NOT_AUTHORISED: StoreStatus = StoreStatus(0x0124);
    /// No room.
    pub const OUT_OF_RESOURCES: StoreStatus = StoreStatus(0xA700);
    /// Cannot be taken.
    pub const CANNOT_UNDERSTAND: StoreStatus = StoreStatus(0xC000);
}

/// Sub-operation counts as the peer reports them: for a progress line, never for completeness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubOperations {
    /// Remaining.
    pub remaining: Option<u16>,
    /// Completed.
    pub completed: Option<u16>,
    /// Failed.
    pub failed: Option<u16>,
    /// Completed with a warning.
    pub warning: Option<u16>,
}

/// Takes objects one after another. The methods may block (they write to disk): run the association where that hurts
/// nobody, such as a blocking thread.
pub trait StoreReceiver: Send {
    /// An object is announced. An error refuses it: its bytes are read and dropped, and the peer gets that status.
    ///
    /// # Errors
    /// The status to refuse with.
    fn begin(&mut self, request: &StoreRequest) -> Result<(), StoreStatus>;
    /// Some of its data set, as it came.
    ///
    /// # Errors
    /// Ends the association: what was received could not be kept.
    fn data(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// It is complete; the status to answer with.
    ///
    /// # Errors
    /// As for [`StoreReceiver::data`].
    fn end(&mut self) -> io::Result<StoreStatus>;
    /// Called after each object and each pending response; `Break` cancels the retrieval and ends the
    /// association.
    fn proceed(&mut self, reported: SubOperations) -> ControlFlow<()> {
        let _ = reported;
        ControlFlow::Continue(())
    }
}
