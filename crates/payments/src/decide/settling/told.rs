//! What a piece of news means for the settlement that it is about.

use super::schedule::Schedule;
use crate::settlement::{Settlement, SettlementState};
use acquiring::{Recovery, SettlementAnswer, SettlementInquiryAnswer};
use time::OffsetDateTime;

/// News about one settlement.
#[derive(Debug)]
pub(super) enum Told {
    Answered(SettlementAnswer),
    NeverLeft(&'static str),
    Silence,
    Inquired {
        asked_at: OffsetDateTime,
        answer: Option<SettlementInquiryAnswer>,
    },
}

/// The state that the news leads to, and when to look at it; `None` when it says nothing new.
///
/// An answer to the request itself counts only while the settlement is open: what came after it knows more. What was
/// done may turn out to have failed, and what was given up may turn up; what was refused stays so, since news of a
/// success may be older than the refusal.
pub(super) fn next(
    settlement: &Settlement,
    told: Told,
    schedule: &Schedule<'_>,
) -> Option<(SettlementState, Option<OffsetDateTime>)> {
    use SettlementAnswer as Answer;
    use SettlementInquiryAnswer as Found;
    use SettlementState::{Accepted, Done, Lost, NotSent, Refused, Sending, Unknown};
    use Told::{Answered, Inquired, NeverLeft, Silence};

    let next = match (settlement.state.clone(), told) {
        (
            Sending | Unknown { .. } | Accepted { .. } | Lost,
            Answered(Answer::Done { processor_reference })
            | Inquired {
                answer: Some(Found::Done { processor_reference }),
                ..
            },
        ) => Done {
            processor_reference: processor_reference
                .or_else(|| settlement.state.processor_reference().map(str::to_owned)),
        },
        (Sending | Unknown { .. } | Lost, Answered(Answer::Accepted { processor_reference })) => Accepted {
            inquiries: 0,
            processor_reference,
        },
        (Accepted { .. }, Answered(Answer::Accepted { .. })) => return None,
        (Sending | Unknown { .. } | Lost, Answered(Answer::Refused(decline))) => Refused { decline },
        // Whatever this is an answer to, it is not to what was accepted.
        (Accepted { .. }, Answered(Answer::Refused(_))) => return None,
        (Done { .. } | Refused { .. } | NotSent { .. }, Answered(_)) => return None,

        (Sending, NeverLeft(why)) => NotSent { why: why.to_owned() },
        // That was a repeat; the first one may have arrived.
        (Unknown { inquiries }, NeverLeft(_)) => asked_again(inquiries),
        (Accepted { .. } | Done { .. } | Refused { .. } | NotSent { .. } | Lost, NeverLeft(_)) => {
            return None;
        }

        (Sending, Silence) => Unknown { inquiries: 0 },
        (Unknown { inquiries }, Silence) if schedule.lost() == Recovery::Repeat => asked_again(inquiries),
        (
            Unknown { .. } | Accepted { .. } | Done { .. } | Refused { .. } | NotSent { .. } | Lost,
            Silence,
        ) => return None,

        (
            Sending | Unknown { .. } | Accepted { .. } | Done { .. } | Lost,
            Inquired {
                answer: Some(Found::Refused(decline)),
                ..
            },
        ) => Refused { decline },
        // Whoever sends it will say.
        (
            Sending,
            Inquired {
                answer: Some(Found::Pending | Found::NotFound) | None,
                ..
            },
        ) => return None,
        (
            Unknown { inquiries },
            Inquired {
                answer: Some(Found::Pending),
                ..
            },
        ) => Accepted {
            inquiries: inquiries.saturating_add(1),
            processor_reference: None,
        },
        (
            Unknown { .. },
            Inquired {
                answer: Some(Found::NotFound),
                asked_at,
            },
        ) if schedule.is_final(asked_at) => {
            return Some((Lost, Some(schedule.late_look_at())));
        }
        (
            Unknown { inquiries },
            Inquired {
                answer: Some(Found::NotFound) | None,
                ..
            },
        ) => asked_again(inquiries),
        (
            Accepted {
                inquiries,
                processor_reference,
            },
            Inquired {
                answer: Some(Found::Pending | Found::NotFound) | None,
                ..
            },
        ) => Accepted {
            inquiries: inquiries.saturating_add(1),
            processor_reference,
        },
        (
            Done {
                processor_reference: None,
            },
            Inquired {
                answer:
                    Some(Found::Done {
                        processor_reference: Some(told),
                    }),
                ..
            },
        ) => Done {
            processor_reference: Some(told),
        },
        (
            Done { .. },
            Inquired {
                answer: Some(Found::Done { .. } | Found::Pending | Found::NotFound) | None,
                ..
            },
        ) => {
            return None;
        }
        (
            Lost,
            Inquired {
                answer: Some(Found::Pending),
                ..
            },
        ) => Accepted {
            inquiries: 0,
            processor_reference: None,
        },
        (
            Lost,
            Inquired {
                answer: Some(Found::NotFound),
                asked_at,
            },
        ) if asked_at >= schedule.late_look_at() => Lost,
        // Asked before: the appointment stays.
        (
            Lost,
            Inquired {
                answer: Some(Found::NotFound),
                ..
            },
        ) => return None,
        (Lost, Inquired { answer: None, .. }) => return Some((Lost, schedule.late_look_again_at())),
        (Refused { .. } | NotSent { .. }, Inquired { .. }) => return None,
    };
    let look_at = schedule.look_at(&next);
    Some((next, look_at))
}

fn asked_again(inquiries: u16) -> SettlementState {
    SettlementState::Unknown {
        inquiries: inquiries.saturating_add(1),
    }
}
