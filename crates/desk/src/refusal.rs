//! Why a transition is not possible: a stable code with what fits into its sentence. Pages word it in their language, logs
//! and commands in English.

use std::fmt;

/// One refusal a line: its name and what it carries, its stable code, its English sentence.
macro_rules! refusals {
    ($($name:ident $({ $($field:ident),+ })? = $code:literal, $text:literal;)+) => {
        /// Why a transition is not possible.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Refusal {
            $(
                #[doc = $text]
                $name $({ $(
                    #[doc = "What fits into the sentence at this place; never a person's data."]
                    $field: String
                ),+ })?,
            )+
        }

        impl Refusal {
            /// Every code, for the test that each is worded in both languages.
            pub const CODES: &'static [&'static str] = &[$($code),+];

            /// Stable kebab-case code.
            pub fn code(&self) -> &'static str {
                match self { $(Refusal::$name $({ $($field: _),+ })? => $code,)+ }
            }

            /// What fits into the sentence, by name.
            pub fn arguments(&self) -> Vec<(&'static str, &str)> {
                match self {
                    $(Refusal::$name $({ $($field),+ })? => vec![$($((stringify!($field), $field.as_str())),+)?],)+
                }
            }
        }

        impl fmt::Display for Refusal {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Refusal::$name $({ $($field),+ })? => write!(f, $text),)+ }
            }
        }
    };
}

refusals! {
    FormSent = "form-sent", "the form was sent already";
    NotDraft = "not-draft", "only a draft is sent";
    NothingMissing = "nothing-missing", "name the missing papers, or write what is missing";
    NotSubmitted = "not-submitted", "papers are checked right after submission";
    NotReturned = "not-returned", "it was not returned";
    NoItem = "no-item", "no examination is asked for";
    TickedAlready = "ticked-already", "studies are ticked already: amend first";
    NotVerifiable = "not-verifiable", "papers are checked after submission and before weighing";
    PaperUnseen { paper } = "paper-unseen", "the original of {paper} was not seen";
    NoPaperSeen = "no-paper-seen", "no paper was seen";
    NumberNotExact = "number-not-exact", "the patient's number in the archive must be exact, without * ? or \\";
    OtherBirthday = "other-birthday", "the birthday is not the one on the form";
    NotVerified = "not-verified", "the archive is asked once the papers are verified";
    NotTickable = "not-tickable", "studies are ticked once the papers are verified";
    NothingFound = "nothing-found", "the archive has not answered yet";
    NothingTicked = "nothing-ticked", "no study is ticked";
    OtherPatient = "other-patient", "the patient is not the verified one";
    TickedTwice { study } = "ticked-twice", "study {study} is ticked twice";
    NotListed { study } = "not-listed", "study {study} is not in the archive's list";
    NotWeighing = "not-weighing", "it is not being weighed";
    NotBinding = "not-binding", "an estimate is no quote";
    NothingFetched = "nothing-fetched", "nothing was fetched";
    OrderChanged = "order-changed", "the order was changed while it was fetched";
    NothingUnderWay = "nothing-under-way", "nothing is being found or weighed";
    NotStalled = "not-stalled", "nothing is stalled";
    NotAmendable = "not-amendable", "nothing is ticked, or it is paid";
    NotPayable = "not-payable", "it is paid once it is weighed, and only once";
    OtherAmount = "other-amount", "the amount is not the quote's total";
    QuoteExpired = "quote-expired", "the quote has expired: weigh again";
    NoReceiptNumber = "no-receipt-number", "the receipt has no number";
    NameUnconfirmed { study } = "name-unconfirmed", "the images of study {study} write the patient's name otherwise: confirm it";
    OtherParts = "other-parts", "the parcels are not exactly the ordered studies";
    NotPaid = "not-paid", "no money was taken, or it was paid back already";
    MakingStarted = "making-started", "making has started";
    SamePerson = "same-person", "somebody else than the one who took the money pays it back";
    NoReason = "no-reason", "write the reason";
    Paid = "paid", "it is paid";
    Closed = "closed", "it is closed";
    NeverExpires = "never-expires", "only a draft or a returned application expires";
    TooEarlyToExpire = "too-early-to-expire", "it has not lain long enough";
    NoParcels = "no-parcels", "it has no parcels";
    NoParcel { parcel } = "no-parcel", "it has no parcel {parcel}";
    StillWaits = "still-waits", "its waiting period is not over";
    NotWaiting = "not-waiting", "it does not wait";
    NotInProduction = "not-in-production", "it is not in production";
    NoDisc = "no-disc", "it has no disc";
    CodeTaken { disc } = "code-taken", "the code of {disc} is on a disc of another parcel";
    EmptyDisc { disc } = "empty-disc", "disc {disc} is empty or has no code";
    DiscTwice { disc } = "disc-twice", "disc {disc} shares its code or volume with another";
    DiscMissing { number, of } = "disc-missing", "disc {number} of {of} is missing";
    NotBeingMade = "not-being-made", "it is not being made";
    ParcelNotStalled = "parcel-not-stalled", "it is not stalled";
    OtherSlip = "other-slip", "the slip is another application's";
    NotReady = "not-ready", "it is not ready";
    FaultyRemade = "faulty-remade", "it is faulty and was made again: destroy it";
    ForeignDisc { code } = "foreign-disc", "stop: the disc with code {code} is not one of this parcel";
    NotAllScanned { missing, of } = "not-all-scanned", "{missing} of {of} discs were not scanned";
    NoCollector = "no-collector", "write who collects and which identity document was seen";
    OtherPerson = "other-person", "stop: the identity number is nobody's who may collect this";
    NoTracking = "no-tracking", "write the number of the registered mail";
    CollectedAtCounter = "collected-at-counter", "it is collected at the counter";
    RemadeAlready = "remade-already", "it was made again already";
    TooLateToRemake { days } = "too-late-to-remake", "it was handed over more than {days} days ago";
    NothingMade = "nothing-made", "nothing was made";
    SameWitness = "same-witness", "the witness must be somebody else";
    WaitsForCollector { days } = "waits-for-collector", "it waits {days} days for its collector";
}
