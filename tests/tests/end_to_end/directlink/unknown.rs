//! An outcome that nobody knows: told as such, blocking the order until it is settled, and settled by itself.

use tests::cards::Card;
use tests::system::System;

use super::until;

#[tokio::test]
async fn an_outcome_that_nobody_knows_is_told_and_settled() {
    let system = System::start().await;
    let shop = system.directlink();
    // The processor charges and says that something went wrong.
    for (operation, uncertain, settled) in [("RES", "52", "5"), ("SAL", "92", "9")] {
        let order = shop.order(10_096, &Card::visa(0)).with("OPERATION", operation);
        let reference = order.value("ORDERID");

        let told = shop.pays(&order).await;

        assert_eq!(told.status(), uncertain, "{told:?}");
        assert_eq!((told.get("NCSTATUS"), told.get("ACCEPTANCE")), ("2", ""));
        assert!(told.error().starts_with("200"), "{told:?}");
        let again = shop.pays(&order).await;
        assert!(
            matches!(again.error(), "50001133" | "50001113"),
            "not again while nobody knows: {again:?}"
        );
        let early = shop.maintains(told.payid(), "RFD", Some(10_096)).await;
        assert!(
            early.error() == "50001127" || operation == "SAL",
            "nothing can be done with it yet: {early:?}"
        );
        let known = until(&shop, &[("PAYID", told.payid())], settled).await;
        assert_eq!((known.error(), known.payid()), ("0", told.payid()));
        assert!(!known.get("ACCEPTANCE").is_empty(), "{known:?}");
        let again = shop.pays(&order).await;
        assert_eq!((again.error(), again.payid()), ("50001113", told.payid()));
        system.outside.only_charge(reference).await;
    }
    system.finish().await;
}
