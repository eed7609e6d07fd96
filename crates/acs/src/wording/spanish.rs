//! Spanish.

use super::{Buttons, Expander, Notices, Problem, Words};

pub(super) static WORDS: Words = Words {
    header: "Confirma tu compra",
    merchant: "Comercio",
    amount: "Importe",
    card: "Tarjeta",
    some_merchant: "un comercio en línea",
    payment: "Pago de {amount} a {merchant} con la tarjeta terminada en {last_four}.",
    confirmation: "Confirmación para {merchant} de la tarjeta terminada en {last_four}.",
    code_sent: "Enviamos un código por SMS al {phone}.",
    code_reference: "El mensaje lleva la referencia {reference}.",
    code_label: "Escribe el código",
    code_form: "Un código de {count} dígitos",
    password_asked: "Tu banco te pide la contraseña de tu tarjeta.",
    password_label: "Contraseña de la tarjeta",
    app_asked: "Abre la app de {bank} y confirma ahí el pago. Esta página continúa sola.",
    app_link: "Abrir la app del banco",
    phone_asked: "¿A qué teléfono enviamos el código?",
    phone_choice: "Teléfono {phone}",
    buttons: Buttons {
        submit: "Continuar",
        resend: "Enviar otro código",
        send: "Enviar el código",
        confirmed: "Ya confirmé en la app",
        code_instead: "Usar un código",
        cancel: "Cancelar",
    },
    notices: Notices {
        wrong: "El código no es correcto. Te quedan {count} intentos.",
        wrong_once_more: "El código no es correcto. Te queda 1 intento; con más fallos, tu tarjeta puede bloquearse para pagos en línea.",
        wrong_password: "La contraseña no es correcta. Te quedan {count} intentos.",
        wrong_password_once_more: "La contraseña no es correcta. Te queda 1 intento; con más fallos, tu tarjeta puede bloquearse para pagos en línea.",
        expired: "El código venció. Pide otro.",
        resent: "Enviamos un código nuevo; el anterior ya no sirve.",
        too_early: "Puedes pedir otro código en {count} segundos.",
        no_more_codes: "No podemos enviar más códigos. El último todavía sirve.",
        sent_anew: "Tu código no llegó y enviamos uno nuevo; el anterior ya no sirve.",
        app_pending: "Todavía no has confirmado en la app.",
        app_replaced: "Te enviamos un código en lugar de preguntarte en la app.",
    },
    why: Expander {
        label: "¿Por qué me lo piden?",
        text: "Tu banco pide una confirmación para protegerte del uso indebido de tu tarjeta. Sin ella, el pago no se realiza.",
    },
    help: Expander {
        label: "¿Necesitas ayuda?",
        text: "El mensaje puede tardar un minuto. No compartas el código: nadie de {bank} te lo va a pedir. Si no hiciste esta compra, cancela y llama al número que está al reverso de tu tarjeta.",
    },
    returning: "Volviendo al comercio…",
    problem: Problem {
        heading: "No podemos continuar",
        text: "Vuelve al comercio e inténtalo de nuevo.",
        code: "Código {reference}",
    },
    inbox_link: "Ver los mensajes de este teléfono",
};
