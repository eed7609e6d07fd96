//! The vendor's own sandbox cards, which keep their meaning whatever the amount.

/// What one of them does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestCard {
    /// Refused by the issuer.
    Declined,
    /// Refused with a code of the vendor's.
    Refused(&'static str, &'static str),
}

/// The card's meaning, if it is one of them. The ones that approve need no entry.
pub fn of(number: &str) -> Option<TestCard> {
    Some(match number {
        "4000300011112220" => TestCard::Declined,
        "4574441215190335" | "4349003000047015" => TestCard::Refused("017", "Tarjeta no válida"),
        "4349008516656431" => TestCard::Refused("019", "Transacción no permitida"),
        "4349001210846432" => TestCard::Refused("021", "Fondos insuficientes"),
        "4349003243371321" => TestCard::Refused("022", "Tipo de tarjeta no habilitado"),
        "4349001386781322" => TestCard::Refused("023", "Fecha de vencimiento no válida"),
        _ => return None,
    })
}
