//! Pages that nobody has, and pages whose time is over, in the language that the browser asks for.

use futures_util::future::join_all;
use tests::cards::Card;
use tests::system::System;

use crate::driver::Habits;
use crate::shopper::Stage;

/// Time enough for looking at the page, on a machine with more to do.
const SHORT_LIVED: &str = "[payments]\npage_opened_seconds = 16\n";

/// What our pages say to somebody.
struct Words {
    language: &'static str,
    unknown: &'static str,
    heading: &'static str,
    expired: &'static str,
}

const ALL: [Words; 3] = [
    Words {
        language: "es-MX",
        unknown: "Esta página no existe",
        heading: "Verificación de tu pago",
        expired: "Se agotó el tiempo",
    },
    Words {
        language: "pt-BR",
        unknown: "Esta página não existe",
        heading: "Verificação do seu pagamento",
        expired: "O tempo acabou",
    },
    Words {
        language: "en-GB",
        unknown: "This page does not exist",
        heading: "Verifying your payment",
        expired: "Time is up",
    },
];

#[tokio::test]
async fn addresses_that_lead_nowhere_and_pages_that_are_over_are_told_in_the_browsers_language() {
    let stage = Stage::of(System::start_with(SHORT_LIVED).await).await;
    let cards = [Card::visa(5), Card::visa(9), Card::visa(14)];
    join_all(
        ALL.iter()
            .zip(cards)
            .map(|(words, card)| looks_around(&stage, words, card)),
    )
    .await;
    stage.finish().await;
}

async fn looks_around(stage: &Stage, words: &Words, card: Card) {
    let ana = stage
        .enters(Habits {
            language: words.language,
            ..Habits::default()
        })
        .await;
    let window = &ana.window;
    let status = "return performance.getEntriesByType('navigation')[0].responseStatus";
    let (language, _) = words.language.split_once('-').unwrap();

    for token in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "nonsense"] {
        let page = format!(
            "{}/transactions/view_challenge?token={token}",
            stage.system.gateway_url
        );
        window.goes_to(&page).await;
        window.reads("#heading", words.unknown).await;
        assert_eq!(window.runs(status).await, 404);
    }
    window.picture(&format!("unknown-{language}")).await;

    ana.pays(&card, "391.00").await;
    window.reads("#heading", words.heading).await;
    assert_eq!(window.attribute("html", "lang").await, language);
    ana.looks_at_the_bank().await;
    window.leaves_the_frame().await;
    window.picture(&format!("challenge-{language}")).await;
    // Nobody answers the bank: the page notices by itself.
    window.reads("#heading", words.expired).await;
    assert_eq!(window.runs(status).await, 410);
    assert_eq!(window.attribute("html", "lang").await, language);
    window.picture(&format!("expired-{language}")).await;
    window.presses("a.button").await;
    let shown = ana.ends_at_the_shop().await;
    assert_eq!(shown.statuses(), ("pending", "denied"));
    assert_eq!(shown.code, "DEUNA_3DS.TIME_EXPIRED");
    stage.system.outside.no_charge(&shown.reference).await;
    ana.window.closes().await;
}
