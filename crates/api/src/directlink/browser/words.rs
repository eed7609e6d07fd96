//! The texts of these pages that the hosted page does not have, in the same languages.

use crate::pages::words::{Ending, Words};

/// The texts of one language. `{left}` stands for a number of tries.
pub(in crate::directlink) struct Texts {
    pub(in crate::directlink) in_a_window: &'static str,
    pub(super) heading: &'static str,
    pub(super) declined: &'static str,
    pub(super) not_authenticated: &'static str,
    pub(super) not_available: &'static str,
    pub(super) nothing_charged: &'static str,
    pub(super) one_left: &'static str,
    pub(super) some_left: &'static str,
    pub(super) correct: &'static str,
    pub(super) number: Field,
    pub(super) expiry: Field,
    pub(super) code: Field,
    pub(super) holder: Field,
    pub(super) expired: &'static str,
    pub(super) not_accepted: &'static str,
    pub(super) pay: &'static str,
    pub(super) uncertain: Ending,
}

/// What a field is called, and what is said when it is empty or wrong.
pub(super) struct Field {
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) missing: &'static str,
    pub(super) wrong: &'static str,
}

/// Those of a language of the hosted page.
pub(in crate::directlink) fn texts(words: &Words) -> &'static Texts {
    match words.tag {
        "pt" => &PORTUGUESE,
        "en" => &ENGLISH,
        _ => &SPANISH,
    }
}

static SPANISH: Texts = Texts {
    in_a_window: "Confirma el pago en la página de tu banco, que se abre en otra ventana. Si no la ves, pulsa Continuar.",
    heading: "El pago no se realizó",
    declined: "El banco no autorizó el pago con esta tarjeta.",
    not_authenticated: "El banco no pudo confirmar que eres titular de la tarjeta.",
    not_available: "La verificación del banco no estaba disponible.",
    nothing_charged: "No se hizo ningún cargo. Revisa los datos o paga con otra tarjeta.",
    one_left: "Te queda un intento.",
    some_left: "Te quedan {left} intentos.",
    correct: "Revisa los campos marcados.",
    number: Field {
        label: "Número de tarjeta",
        hint: "",
        missing: "Escribe el número de tarjeta.",
        wrong: "El número de tarjeta no es correcto.",
    },
    expiry: Field {
        label: "Vencimiento",
        hint: "MM/AA",
        missing: "Escribe el vencimiento: mes y año.",
        wrong: "El vencimiento se escribe como mes y año: MM/AA.",
    },
    code: Field {
        label: "Código de seguridad",
        hint: "",
        missing: "Escribe el código de seguridad.",
        wrong: "El código de seguridad tiene 3 cifras; en American Express, 4.",
    },
    holder: Field {
        label: "Nombre en la tarjeta",
        hint: "",
        missing: "Escribe el nombre que aparece en la tarjeta.",
        wrong: "El nombre en la tarjeta puede tener hasta 35 caracteres.",
    },
    expired: "El vencimiento ya pasó: esta tarjeta no es válida.",
    not_accepted: "Con este número de tarjeta no se puede pagar aquí. Prueba con otra tarjeta.",
    pay: "Pagar",
    uncertain: Ending {
        heading: "Estamos comprobando tu pago",
        text: "Todavía no sabemos cómo terminó. No vuelvas a pagar: la tienda te avisará.",
    },
};

static PORTUGUESE: Texts = Texts {
    in_a_window: "Confirme o pagamento na página do seu banco, que abre em outra janela. Se não a vir, pressione Continuar.",
    heading: "O pagamento não foi feito",
    declined: "O banco não autorizou o pagamento com este cartão.",
    not_authenticated: "O banco não conseguiu confirmar que o cartão é seu.",
    not_available: "A verificação do banco não estava disponível.",
    nothing_charged: "Nada foi cobrado. Confira os dados ou pague com outro cartão.",
    one_left: "Resta uma tentativa.",
    some_left: "Restam {left} tentativas.",
    correct: "Confira os campos marcados.",
    number: Field {
        label: "Número do cartão",
        hint: "",
        missing: "Digite o número do cartão.",
        wrong: "O número do cartão não está correto.",
    },
    expiry: Field {
        label: "Validade",
        hint: "MM/AA",
        missing: "Digite a validade: mês e ano.",
        wrong: "A validade se escreve como mês e ano: MM/AA.",
    },
    code: Field {
        label: "Código de segurança",
        hint: "",
        missing: "Digite o código de segurança.",
        wrong: "O código de segurança tem 3 dígitos; no American Express, 4.",
    },
    holder: Field {
        label: "Nome no cartão",
        hint: "",
        missing: "Digite o nome que está no cartão.",
        wrong: "O nome no cartão pode ter até 35 caracteres.",
    },
    expired: "A validade já passou: este cartão não vale mais.",
    not_accepted: "Este número do cartão não é aceito aqui. Tente com outro cartão.",
    pay: "Pagar",
    uncertain: Ending {
        heading: "Estamos verificando o seu pagamento",
        text: "Ainda não sabemos como terminou. Não pague de novo: a loja avisará você.",
    },
};

static ENGLISH: Texts = Texts {
    in_a_window: "Confirm the payment on your bank's page, which opens in another window. If you do not see it, press Continue.",
    heading: "The payment was not made",
    declined: "The bank did not authorise the payment with this card.",
    not_authenticated: "The bank could not confirm that the card is yours.",
    not_available: "The bank's verification was not available.",
    nothing_charged: "Nothing was charged. Check the details or pay with another card.",
    one_left: "You have one try left.",
    some_left: "You have {left} tries left.",
    correct: "Check the fields that are marked.",
    number: Field {
        label: "Card number",
        hint: "",
        missing: "Enter the card number.",
        wrong: "The card number is not right.",
    },
    expiry: Field {
        label: "Expiry date",
        hint: "MM/YY",
        missing: "Enter the expiry date: month and year.",
        wrong: "The expiry date is written as month and year: MM/YY.",
    },
    code: Field {
        label: "Security code",
        hint: "",
        missing: "Enter the security code.",
        wrong: "The security code has 3 digits; on American Express, 4.",
    },
    holder: Field {
        label: "Name on the card",
        hint: "",
        missing: "Enter the name on the card.",
        wrong: "The name on the card can have at most 35 characters.",
    },
    expired: "The expiry date is over: this card is no longer valid.",
    not_accepted: "This card number cannot be used here. Try another card.",
    pay: "Pay",
    uncertain: Ending {
        heading: "We are checking your payment",
        text: "We do not know yet how it ended. Do not pay again: the shop will tell you.",
    },
};
