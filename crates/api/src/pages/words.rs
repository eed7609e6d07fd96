//! The catalogue: every text of the pages in every language. A language that lacks one does not compile.

use orchestrator::flows::page_step::PageOutcome;
use primitives::Amount;

/// The texts of one language. `{merchant}` stands for the merchant's name; see [`naming`].
pub(crate) struct Words {
    /// BCP 47 tag, for the attribute `lang`.
    pub(crate) tag: &'static str,
    decimal_point: char,
    pub(crate) title: &'static str,
    pub(crate) heading: &'static str,
    pub(crate) pay_to: &'static str,
    pub(crate) stages: Stages,
    pub(crate) preparing: &'static str,
    pub(crate) checking: &'static str,
    pub(crate) confirm_with_bank: &'static str,
    pub(crate) bank_will_reach_you: &'static str,
    pub(crate) finishing: &'static str,
    pub(crate) reconnecting: &'static str,
    pub(crate) stuck: &'static str,
    pub(crate) try_again: &'static str,
    pub(crate) challenge_frame: &'static str,
    pub(crate) method_frame: &'static str,
    pub(crate) without_script: &'static str,
    pub(crate) proceed: &'static str,
    pub(crate) refresh: &'static str,
    pub(crate) give_up: &'static str,
    pub(crate) give_up_question: &'static str,
    pub(crate) give_up_confirmed: &'static str,
    pub(crate) connecting: &'static str,
    pub(crate) bank_answered: &'static str,
    pub(crate) returning: &'static str,
    pub(crate) back: &'static str,
    pub(crate) may_close: &'static str,
    pub(crate) protected: &'static str,
    pub(crate) error_reference: &'static str,
    pub(crate) succeeded: Ending,
    pub(crate) rejected: Ending,
    pub(crate) cancelled: Ending,
    pub(crate) failed: Ending,
    pub(crate) unknown_page: Ending,
    pub(crate) expired: Ending,
    pub(crate) unreadable: Ending,
    pub(crate) fault: Ending,
}

/// The way of a payment in three words.
pub(crate) struct Stages {
    pub(crate) list: &'static str,
    pub(crate) prepare: &'static str,
    pub(crate) bank: &'static str,
    pub(crate) finish: &'static str,
}

/// A page that says how something ended.
pub(crate) struct Ending {
    pub(crate) heading: &'static str,
    pub(crate) text: &'static str,
}

impl Words {
    pub(crate) fn outcome(&self, outcome: PageOutcome) -> &Ending {
        match outcome {
            PageOutcome::Succeeded => &self.succeeded,
            PageOutcome::Rejected => &self.rejected,
            PageOutcome::Cancelled => &self.cancelled,
            PageOutcome::Failed => &self.failed,
        }
    }

    /// An amount the way this language writes it: `MXN 1 234.50`, digits grouped by narrow spaces, which read the
    /// same wherever points and commas trade places.
    pub(crate) fn amount(&self, amount: Amount) -> String {
        let decimal = amount.to_decimal();
        let (whole, fraction) = decimal.split_once('.').unwrap_or((&decimal, ""));
        let mut text = format!("{}\u{a0}", amount.currency());
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                text.push('\u{202f}');
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push(self.decimal_point);
            text.push_str(fraction);
        }
        text
    }
}

/// The text with the merchant's name in it. Escaping is the template's.
pub(crate) fn naming(text: &str, merchant: &str) -> String {
    text.replace("{merchant}", merchant)
}

pub(crate) static SPANISH: Words = Words {
    tag: "es",
    decimal_point: '.',
    title: "Verificación segura",
    heading: "Verificación de tu pago",
    pay_to: "Pago a {merchant}",
    stages: Stages {
        list: "Etapas del pago",
        prepare: "Preparación",
        bank: "Tu banco",
        finish: "Pago",
    },
    preparing: "Preparando la verificación segura…",
    checking: "Consultando con tu banco…",
    confirm_with_bank: "Tu banco te pide confirmar esta compra.",
    bank_will_reach_you: "Tu banco se pondrá en contacto contigo para confirmar esta compra. Puedes cerrar esta página; tu pedido sigue en marcha.",
    finishing: "Estamos procesando tu pago. No cierres esta página.",
    reconnecting: "Se perdió la conexión. Lo intentamos de nuevo…",
    stuck: "No pudimos continuar. Revisa tu conexión y vuelve a intentarlo; no se cobrará dos veces.",
    try_again: "Volver a intentar",
    challenge_frame: "Verificación de tu banco",
    method_frame: "Comprobación del navegador",
    without_script: "Tu navegador no ejecuta JavaScript. Puedes continuar paso a paso con los botones.",
    proceed: "Continuar",
    refresh: "Actualizar",
    give_up: "Cancelar el pago",
    give_up_question: "El pago no se realizará. ¿Quieres cancelarlo?",
    give_up_confirmed: "Sí, cancelar el pago",
    connecting: "Conectando con tu banco…",
    bank_answered: "Tu banco ha respondido. Volvemos a tu pago…",
    returning: "Te llevamos de vuelta a {merchant}…",
    back: "Volver a {merchant}",
    may_close: "Ya puedes cerrar esta página.",
    protected: "Pago protegido con 3-D Secure",
    error_reference: "Referencia",
    succeeded: Ending {
        heading: "Pago aprobado",
        text: "Tu pago se realizó correctamente.",
    },
    rejected: Ending {
        heading: "Pago rechazado",
        text: "Tu banco no autorizó el pago. Puedes intentarlo con otra tarjeta o consultar con tu banco.",
    },
    cancelled: Ending {
        heading: "Pago cancelado",
        text: "Cancelaste el pago. No se hizo ningún cargo.",
    },
    failed: Ending {
        heading: "No pudimos completar el pago",
        text: "Ocurrió un problema o se agotó el tiempo. Vuelve a la tienda para revisar tu pedido.",
    },
    unknown_page: Ending {
        heading: "Esta página no existe",
        text: "El enlace está incompleto o ya no es válido. Vuelve a la tienda e inténtalo de nuevo.",
    },
    expired: Ending {
        heading: "Se agotó el tiempo",
        text: "Esta verificación ya no está disponible. Vuelve a la tienda e inténtalo de nuevo.",
    },
    unreadable: Ending {
        heading: "No entendimos la respuesta",
        text: "Los datos que trajo tu navegador están incompletos. Vuelve a la página de tu pago.",
    },
    fault: Ending {
        heading: "Algo salió mal",
        text: "El problema es nuestro. Espera un momento y vuelve a intentarlo; no se cobrará dos veces.",
    },
};

pub(crate) static PORTUGUESE: Words = Words {
    tag: "pt",
    decimal_point: ',',
    title: "Verificação segura",
    heading: "Verificação do seu pagamento",
    pay_to: "Pagamento para {merchant}",
    stages: Stages {
        list: "Etapas do pagamento",
        prepare: "Preparação",
        bank: "Seu banco",
        finish: "Pagamento",
    },
    preparing: "Preparando a verificação segura…",
    checking: "Consultando o seu banco…",
    confirm_with_bank: "Seu banco pede que você confirme esta compra.",
    bank_will_reach_you: "Seu banco entrará em contato para você confirmar esta compra. Pode fechar esta página; seu pedido continua em andamento.",
    finishing: "Estamos processando o pagamento. Não feche esta página.",
    reconnecting: "A conexão caiu. Tentando novamente…",
    stuck: "Não foi possível continuar. Verifique sua conexão e tente novamente; não haverá cobrança em dobro.",
    try_again: "Tentar novamente",
    challenge_frame: "Verificação do seu banco",
    method_frame: "Verificação do navegador",
    without_script: "Seu navegador não executa JavaScript. Você pode continuar passo a passo com os botões.",
    proceed: "Continuar",
    refresh: "Atualizar",
    give_up: "Cancelar o pagamento",
    give_up_question: "O pagamento não será feito. Quer cancelar?",
    give_up_confirmed: "Sim, cancelar o pagamento",
    connecting: "Conectando com o seu banco…",
    bank_answered: "Seu banco respondeu. Voltando ao pagamento…",
    returning: "Levando você de volta para {merchant}…",
    back: "Voltar para {merchant}",
    may_close: "Você já pode fechar esta página.",
    protected: "Pagamento protegido com 3-D Secure",
    error_reference: "Referência",
    succeeded: Ending {
        heading: "Pagamento aprovado",
        text: "Seu pagamento foi realizado com sucesso.",
    },
    rejected: Ending {
        heading: "Pagamento recusado",
        text: "Seu banco não autorizou o pagamento. Tente com outro cartão ou fale com o seu banco.",
    },
    cancelled: Ending {
        heading: "Pagamento cancelado",
        text: "Você cancelou o pagamento. Nada foi cobrado.",
    },
    failed: Ending {
        heading: "Não foi possível concluir o pagamento",
        text: "Ocorreu um problema ou o tempo acabou. Volte à loja para conferir o seu pedido.",
    },
    unknown_page: Ending {
        heading: "Esta página não existe",
        text: "O link está incompleto ou não é mais válido. Volte à loja e tente novamente.",
    },
    expired: Ending {
        heading: "O tempo acabou",
        text: "Esta verificação não está mais disponível. Volte à loja e tente novamente.",
    },
    unreadable: Ending {
        heading: "Não entendemos a resposta",
        text: "Os dados enviados pelo seu navegador estão incompletos. Volte à página do pagamento.",
    },
    fault: Ending {
        heading: "Algo deu errado",
        text: "O problema é nosso. Aguarde um momento e tente novamente; não haverá cobrança em dobro.",
    },
};

pub(crate) static ENGLISH: Words = Words {
    tag: "en",
    decimal_point: '.',
    title: "Secure verification",
    heading: "Verifying your payment",
    pay_to: "Payment to {merchant}",
    stages: Stages {
        list: "Stages of the payment",
        prepare: "Getting ready",
        bank: "Your bank",
        finish: "Payment",
    },
    preparing: "Preparing the secure verification…",
    checking: "Checking with your bank…",
    confirm_with_bank: "Your bank asks you to confirm this purchase.",
    bank_will_reach_you: "Your bank will contact you to confirm this purchase. You may close this page; your order goes on.",
    finishing: "We are processing your payment. Please keep this page open.",
    reconnecting: "The connection was lost. Trying again…",
    stuck: "We could not continue. Check your connection and try again; you will not be charged twice.",
    try_again: "Try again",
    challenge_frame: "Verification by your bank",
    method_frame: "Browser check",
    without_script: "Your browser does not run JavaScript. You can go on step by step with the buttons.",
    proceed: "Continue",
    refresh: "Refresh",
    give_up: "Cancel the payment",
    give_up_question: "The payment will not be made. Do you want to cancel it?",
    give_up_confirmed: "Yes, cancel the payment",
    connecting: "Connecting to your bank…",
    bank_answered: "Your bank has answered. Going back to your payment…",
    returning: "Taking you back to {merchant}…",
    back: "Back to {merchant}",
    may_close: "You may close this page now.",
    protected: "Payment protected by 3-D Secure",
    error_reference: "Reference",
    succeeded: Ending {
        heading: "Payment approved",
        text: "Your payment went through.",
    },
    rejected: Ending {
        heading: "Payment declined",
        text: "Your bank did not authorise the payment. Try another card or ask your bank.",
    },
    cancelled: Ending {
        heading: "Payment cancelled",
        text: "You cancelled the payment. Nothing was charged.",
    },
    failed: Ending {
        heading: "We could not complete the payment",
        text: "Something went wrong or time ran out. Go back to the shop to check your order.",
    },
    unknown_page: Ending {
        heading: "This page does not exist",
        text: "The link is incomplete or no longer valid. Go back to the shop and try again.",
    },
    expired: Ending {
        heading: "Time is up",
        text: "This verification is no longer available. Go back to the shop and try again.",
    },
    unreadable: Ending {
        heading: "We did not understand the answer",
        text: "What your browser brought is incomplete. Go back to the page of your payment.",
    },
    fault: Ending {
        heading: "Something went wrong",
        text: "The fault is ours. Wait a moment and try again; you will not be charged twice.",
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Currency;

    #[test]
    fn amounts_are_written_as_the_language_does() {
        let amount = |minor, currency| Amount::new(minor, currency).unwrap();
        assert_eq!(
            ENGLISH.amount(amount(123_456_789, Currency::MXN)),
            "MXN\u{a0}1\u{202f}234\u{202f}567.89"
        );
        assert_eq!(PORTUGUESE.amount(amount(1_000, Currency::BRL)), "BRL\u{a0}10,00");
        assert_eq!(
            SPANISH.amount(amount(1_000, Currency::CLP)),
            "CLP\u{a0}1\u{202f}000"
        );
    }
}
