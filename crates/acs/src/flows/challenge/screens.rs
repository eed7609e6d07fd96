//! From a saved challenge to what the cardholder sees next.

use emv3ds::code::{ChallengeWindowSize, Component, TransStatus, YesNo};
use emv3ds::message::{CRes, Erro};
use emv3ds::{Rules, Version, encoding};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::creq::RefusedCReq;
use super::facts::Facts;
use super::lost;
use super::step::Stepped;
use crate::challenge::decide::{APP_ASKED_MAX, resend};
use crate::challenge::{Challenge, ChallengeView, Ending, Resend, Return, Screen, State, ViewKind};
use crate::policy::OverResends;
use crate::service::Acs;
use crate::store::challenges::Kept;
use crate::store::results::Standing;
use crate::store::{StoreError, codes, results};

/// How often it is looked for a result that somebody else sends.
const LOOK: Duration = Duration::from_millis(150);

impl Acs {
    /// The screen of a challenge; once it has ended, the way back.
    pub(super) async fn screen(&self, facts: &Facts, stepped: Stepped) -> Result<Screen, StoreError> {
        let Stepped { kept, report } = stepped;
        match kept.challenge.ending() {
            None => self.view(facts, &kept).await,
            Some(ending) => {
                self.until_reported(facts, report).await?;
                Ok(cres(facts, &kept, ending))
            }
        }
    }

    /// Waits for the RRes as long as a browser is kept waiting; it goes back then with or without.
    async fn until_reported(&self, facts: &Facts, report: Option<JoinHandle<()>>) -> Result<(), StoreError> {
        let inner = self.inner();
        let reported = async {
            if let Some(report) = report
                && let Err(error) = report.await
            {
                tracing::error!(%error, "a result was not sent");
            }
            while results::standing(&inner.store, facts.id()).await? == Some(Standing::Open) {
                sleep(LOOK).await;
            }
            Ok(())
        };
        match timeout(inner.settings.timers.results_wait, reported).await {
            Ok(reported) => reported,
            Err(_) => {
                tracing::info!(
                    acs_transaction = %facts.id(),
                    "the browser goes back before its result has arrived"
                );
                Ok(())
            }
        }
    }

    async fn view(&self, facts: &Facts, kept: &Kept) -> Result<Screen, StoreError> {
        let (inner, challenge, policy) = (self.inner(), &kept.challenge, &facts.policy);
        let phones = kept.phones(&inner.keys)?;
        let means = challenge.means;
        let app_instead = means.app && challenge.app_asked < APP_ASKED_MAX;
        let kind = match &challenge.state {
            State::ChoosingPhone { .. } => ViewKind::ChoosePhone {
                phones: phones.iter().map(crate::phone::Phone::masked).collect(),
                app_instead,
            },
            State::AskingApp { app_until, .. } => ViewKind::App {
                code_instead: app_until.is_some() && policy.app.code_instead,
            },
            State::Password { .. } => ViewKind::Password,
            State::Code { code, .. } => {
                let now = inner.clock.now();
                let reference = match policy.otp.reference_code {
                    true => codes::reference_of(&inner.store, facts.id(), code.generation).await?,
                    false => None,
                };
                ViewKind::Code {
                    digits: policy.otp.digits,
                    reference,
                    good_for_seconds: code.seconds_to_live(now),
                    resend: match (resend(&policy.otp, challenge, code, now), policy.otp.over_resends) {
                        // The button is there to the end where it is the end.
                        (Resend::Never, OverResends::End) => Resend::Now,
                        (resend, _) => resend,
                    },
                    app_instead,
                }
            }
            State::Awaited {} | State::Decoupled {} | State::Done { .. } => return Ok(lost()),
        };
        let phone = shown_phone(challenge).and_then(|place| phones.get(usize::from(place)).cloned());
        Ok(Screen::Challenge(Box::new(ChallengeView {
            acs_trans_id: facts.id(),
            token: challenge.screen,
            language: kept.language,
            kind,
            purchase: facts.purchase(),
            last_four: facts.card.last_four.clone(),
            masked_phone: phone.as_ref().map(crate::phone::Phone::masked),
            phone,
            notice: challenge.notice,
            may_put_off: means.put_off,
            bank_name: policy.bank_name.clone(),
            logo_url: policy.logo_url.clone(),
            brand: facts.transaction.brand,
            window_size: kept
                .opened
                .as_ref()
                .map_or(ChallengeWindowSize::FullScreen, |opened| opened.window_size),
        })))
    }

    /// The Erro goes back through the browser where we know where to; else the page says what is wrong.
    pub(super) fn refuse(&self, refused: &RefusedCReq, session_data: Option<&str>) -> Screen {
        let fault = &refused.fault;
        tracing::info!(%fault, "a CReq is refused");
        let problem = || Screen::Problem {
            code: fault.code.number(),
            detail: fault.detail.clone(),
        };
        let to = refused
            .facts
            .as_ref()
            .and_then(|facts| facts.transaction.notification_url.clone());
        let Some((url, erro)) = to.zip(fault.to_erro(Component::Acs, &Version::ALL)) else {
            return problem();
        };
        let rules = Rules::received_by(Component::Server, &Version::ALL);
        match rules.write_form::<Erro>(&erro) {
            Ok(value) => Screen::Return(Return {
                url,
                field: encoding::ERRO_FIELD,
                value,
                session_data: session_data.map(str::to_owned),
            }),
            Err(fault) => {
                tracing::error!(%fault, "an Erro of ours breaks the rules");
                problem()
            }
        }
    }
}

/// The phone that a screen speaks of: the chosen one, else the only one that there is.
fn shown_phone(challenge: &Challenge) -> Option<u8> {
    match (challenge.state.code(), challenge.means.phones) {
        (Some(code), _) => code.phone,
        (None, 1) => Some(0),
        (None, _) => None,
    }
}

/// The way back with the final CRes, which knows only `Y` and `N`, and `D` where the RReq has it.
fn cres(facts: &Facts, kept: &Kept, ending: Ending) -> Screen {
    let transaction = &facts.transaction;
    let trans_status = match ending.status() {
        status @ (TransStatus::Authenticated | TransStatus::DecoupledChallenge) => status,
        _ => TransStatus::NotAuthenticated,
    };
    let cres = CRes {
        message_version: transaction.version,
        three_ds_server_trans_id: transaction.three_ds_server_trans_id,
        acs_trans_id: transaction.acs_trans_id,
        trans_status,
        challenge_completion_ind: Some(YesNo::Yes),
        message_extension: None,
    };
    let Some(url) = transaction.notification_url.clone() else {
        return lost();
    };
    match Rules::received_by(Component::Server, &Version::ALL).write_form(&cres) {
        Ok(value) => Screen::Return(Return {
            url,
            field: encoding::CRES_FIELD,
            value,
            session_data: kept
                .opened
                .as_ref()
                .and_then(|opened| opened.session_data.clone()),
        }),
        Err(fault) => {
            tracing::error!(%fault, "a CRes of ours breaks the rules");
            lost()
        }
    }
}
