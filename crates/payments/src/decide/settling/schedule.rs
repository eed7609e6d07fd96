//! When a settlement is looked at.

use crate::{
    decide::{Limits, seconds},
    routing::Route,
    settlement::{Settlement, SettlementState},
};
use acquiring::Recovery;
use time::OffsetDateTime;

/// The first pause before a lost request is sent again.
const REPEAT_PAUSE_SECONDS: u32 = 10;

/// The times of one settlement.
pub(super) struct Schedule<'a> {
    pub limits: &'a Limits,
    pub route: &'a Route,
    pub settlement: &'a Settlement,
    pub now: OffsetDateTime,
}

impl Schedule<'_> {
    /// When to look at the settlement again once it is in that state. Never again where nothing can be asked or what can
    /// be said was said; a notification is taken all the same.
    pub fn look_at(&self, state: &SettlementState) -> Option<OffsetDateTime> {
        match (state, self.lost()) {
            (SettlementState::Sending, _) => Some(self.now + seconds(self.limits.charge_lease_seconds)),
            (SettlementState::Unknown { inquiries }, Recovery::Inquire) => Some(self.inquiry_at(*inquiries)),
            (SettlementState::Unknown { inquiries }, Recovery::Repeat) => {
                // No processor keeps an identity for ever, and afterwards a repeat would be a second request.
                let pause = doubled(
                    REPEAT_PAUSE_SECONDS,
                    *inquiries,
                    self.limits.inquiry_pause_max_seconds,
                );
                self.until(pause, self.limits.settlement_repeat_seconds)
            }
            // Asked about even where a lost request would be repeated: the notification may get lost, and a processor
            // that cannot be asked costs a pause.
            (SettlementState::Accepted { inquiries, .. }, Recovery::Inquire | Recovery::Repeat) => {
                let pause = doubled(
                    self.route.inquiry_visible_after_seconds,
                    *inquiries,
                    self.limits.settlement_pause_max_seconds,
                );
                self.until(pause, self.limits.settlement_inquiry_seconds)
            }
            (SettlementState::Unknown { .. } | SettlementState::Accepted { .. }, Recovery::Reverse)
            | (
                SettlementState::Done { .. }
                | SettlementState::Refused { .. }
                | SettlementState::NotSent { .. }
                | SettlementState::Lost,
                _,
            ) => None,
        }
    }

    /// The one look at a settlement that was given up, as long after the last word as the final window is long.
    pub fn late_look_at(&self) -> OffsetDateTime {
        self.last_word() + seconds(self.route.inquiry_final_after_seconds)
    }

    /// When that look is tried again, if it failed: the older the settlement, the longer the pause.
    pub fn late_look_again_at(&self) -> Option<OffsetDateTime> {
        let age = (self.now - self.settlement.requested_at).whole_seconds();
        let pause = u32::try_from(age / 2).unwrap_or_default().clamp(
            REPEAT_PAUSE_SECONDS,
            self.limits.settlement_pause_max_seconds.max(REPEAT_PAUSE_SECONDS),
        );
        self.until(pause, self.limits.settlement_inquiry_seconds)
    }

    /// Whether "not found" means that nothing was done, when it was asked then.
    pub fn is_final(&self, asked_at: OffsetDateTime) -> bool {
        self.lost() == Recovery::Inquire && asked_at >= self.last_word()
    }

    /// What tells what became of it.
    pub fn lost(&self) -> Recovery {
        self.route.offers.lost(self.settlement.kind)
    }

    /// The end of the processor's final window, counted from the latest moment at which the request can have left: that
    /// of its record plus the time that its sender has.
    fn last_word(&self) -> OffsetDateTime {
        let sent_by = self.settlement.requested_at + seconds(self.limits.charge_lease_seconds);
        sent_by + seconds(self.route.inquiry_final_after_seconds)
    }

    /// The pause doubles from the processor's visibility delay on, and never skips past the moment when "not found"
    /// becomes final.
    fn inquiry_at(&self, asked: u16) -> OffsetDateTime {
        let visible = self.route.inquiry_visible_after_seconds;
        if asked == 0 {
            return (self.settlement.requested_at + seconds(visible)).max(self.now);
        }
        let next = self.now + seconds(doubled(visible, asked, self.limits.inquiry_pause_max_seconds));
        if self.now < self.last_word() {
            next.min(self.last_word())
        } else {
            next
        }
    }

    /// After that pause, unless the settlement is older by then than that.
    fn until(&self, pause: u32, age_max: u32) -> Option<OffsetDateTime> {
        let next = self.now + seconds(pause);
        (next <= self.settlement.requested_at + seconds(age_max)).then_some(next)
    }
}

fn doubled(first_seconds: u32, times: u16, max_seconds: u32) -> u32 {
    first_seconds
        .max(1)
        .saturating_mul(1 << times.min(16))
        .min(max_seconds)
}
