//! Portuguese, as Brazil writes it.

use super::{Buttons, Expander, Notices, Problem, Words};

pub(super) static WORDS: Words = Words {
    header: "Confirme sua compra",
    merchant: "Estabelecimento",
    amount: "Valor",
    card: "Cartão",
    some_merchant: "uma loja on-line",
    payment: "Pagamento de {amount} a {merchant} com o cartão de final {last_four}.",
    confirmation: "Confirmação para {merchant} do cartão de final {last_four}.",
    code_sent: "Enviamos um código por SMS para {phone}.",
    code_reference: "A mensagem traz a referência {reference}.",
    code_label: "Digite o código",
    code_form: "Um código de {count} dígitos",
    password_asked: "Seu banco pede a senha do seu cartão.",
    password_label: "Senha do cartão",
    app_asked: "Abra o app de {bank} e confirme o pagamento por lá. Esta página continua sozinha.",
    app_link: "Abrir o app do banco",
    phone_asked: "Para qual telefone enviamos o código?",
    phone_choice: "Telefone {phone}",
    buttons: Buttons {
        submit: "Continuar",
        resend: "Enviar outro código",
        send: "Enviar o código",
        confirmed: "Já confirmei no app",
        code_instead: "Usar um código",
        cancel: "Cancelar",
    },
    notices: Notices {
        wrong: "O código não está correto. Restam {count} tentativas.",
        wrong_once_more: "O código não está correto. Resta 1 tentativa; com mais erros, seu cartão pode ser bloqueado para pagamentos on-line.",
        wrong_password: "A senha não está correta. Restam {count} tentativas.",
        wrong_password_once_more: "A senha não está correta. Resta 1 tentativa; com mais erros, seu cartão pode ser bloqueado para pagamentos on-line.",
        expired: "O código expirou. Peça outro.",
        resent: "Enviamos um novo código; o anterior não vale mais.",
        too_early: "Você poderá pedir outro código em {count} segundos.",
        no_more_codes: "Não podemos enviar mais códigos. O último ainda vale.",
        sent_anew: "Seu código não chegou e enviamos um novo; o anterior não vale mais.",
        app_pending: "Você ainda não confirmou no app.",
        app_replaced: "Enviamos um código em vez de perguntar no app.",
    },
    why: Expander {
        label: "Por que isso é pedido?",
        text: "Seu banco pede uma confirmação para proteger você contra o uso indevido do seu cartão. Sem ela, o pagamento não é feito.",
    },
    help: Expander {
        label: "Precisa de ajuda?",
        text: "A mensagem pode levar um minuto. Não compartilhe o código: ninguém de {bank} vai pedi-lo. Se você não fez esta compra, cancele e ligue para o número no verso do seu cartão.",
    },
    returning: "Voltando ao estabelecimento…",
    problem: Problem {
        heading: "Não podemos continuar",
        text: "Volte ao estabelecimento e tente novamente.",
        code: "Código {reference}",
    },
    inbox_link: "Ver as mensagens deste telefone",
};
