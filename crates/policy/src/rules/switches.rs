//! Readings as switches: what the code can do, by the ids of `readings.toml`. A choice written there that is not
//! listed here does not load, so no row can promise what nothing implements.

macro_rules! switches {
    ($($(#[$doc:meta])* $field:ident: $name:ident = $id:literal { $first:ident = $first_key:literal $(, $variant:ident = $key:literal)* })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
            #[allow(dead_code)] // see `Switches`
            pub(crate) enum $name { #[default] $first, $($variant),* }
        )+

        /// The readings that have more than one implemented choice.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[allow(dead_code)] // some are asked by rows (`switch = "A18=dentistry"`) rather than by code
        pub(crate) struct Switches { $(pub $field: $name),+ }

        impl Switches {
            /// Takes a choice up. `None`: the reading has no such choice (or none at all) in the code.
            pub fn set(&mut self, id: &str, choice: &str) -> Option<()> {
                match id {
                    $($id => self.$field = match choice { $first_key => $name::$first, $($key => $name::$variant,)* _ => return None },)+
                    _ => return None,
                }
                Some(())
            }

            /// Every reading that has a switch.
            pub fn ids() -> &'static [&'static str] {
                &[$($id),+]
            }

            /// The implemented choices of a reading; empty when it is decided by rows alone.
            pub fn choices(id: &str) -> &'static [&'static str] {
                match id {
                    $($id => &[$first_key $(, $key)*],)+
                    _ => &[],
                }
            }
        }
    };
}

switches! {
    /// A01: whether a window's last moment belongs to it.
    window_end: WindowEnd = "A01" { HalfOpen = "half-open", ClosedEnd = "closed-end" }
    /// A02: the instant the clock starts.
    clock_start: ClockStart = "A02" { Payment = "payment", Accepted = "accepted" }
    /// A03: when on the following day.
    following_day: FollowingDay = "A03" { Opening = "opening", OpeningPlusWait = "opening-plus-wait" }
    /// A04: which days are closed.
    closed_days: ClosedDays = "A04" { OfficialCalendar = "official-calendar", Weekdays = "weekdays" }
    /// A05: how a general examination counts beside special ones.
    general_beside: GeneralBeside = "A05" { Combined = "combined", Additive = "additive", SpecialsOnly = "specials-only" }
    /// A08: what an identical extra set costs.
    extra_set: ExtraSet = "A08" { Additional = "additional", FullTariff = "full-tariff" }
    /// A14: papers of a visitor.
    visitor: Visitor = "A14" { Passport = "visitor-passport", Literal = "literal" }
    /// A16: whose consent must be sealed.
    sealed: Sealed = "A16" { PatientConsent = "patient-consent", AllConsents = "all-consents" }
    /// A18: where a dental disc is received.
    dental: Dental = "A18" { Here = "here", Dentistry = "dentistry" }
    /// A19: what decides where to apply.
    routing: Routing = "A19" { Unit = "unit", Modality = "modality" }
    /// A20: what happens to an incomplete set.
    partly: Partly = "A20" { PerImage = "per-image", PerSet = "per-set" }
    /// A22: whether PET-CT is a CT for the seven-day rule.
    pet_ct: PetCt = "A22" { NotACt = "special-and-wait", AlsoCt = "also-ct" }
    /// A23: which age of majority.
    majority: Majority = "A23" { Dated = "dated", Page = "page" }
    /// A25: proof about earlier heirs.
    earlier_heirs: EarlierHeirs = "A25" { AskProof = "ask-proof", Off = "off" }
    /// A27: when post is offered.
    post: Post = "A27" { NotSameDay = "not-same-day", Always = "always" }
    /// A28: which days a waiting period counts.
    waiting_days: WaitingDays = "A28" { Calendar = "calendar-days", Working = "working-days" }
    /// A30: what the seven days hold back.
    seven_days: SevenDays = "A30" { HoldPayment = "payment-from-clearance", HoldMaking = "making-from-clearance" }
    /// A43: a minor's identity paper.
    minor_identity: MinorIdentity = "A43" { Certificate = "certificate", Either = "either" }
}
