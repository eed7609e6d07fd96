//! English.

use super::{Buttons, Expander, Notices, Problem, Words};

pub(super) static WORDS: Words = Words {
    header: "Confirm your payment",
    merchant: "Merchant",
    amount: "Amount",
    card: "Card",
    some_merchant: "an online shop",
    payment: "Payment of {amount} to {merchant} with the card ending in {last_four}.",
    confirmation: "Confirmation for {merchant} of the card ending in {last_four}.",
    code_sent: "We sent a code by text message to {phone}.",
    code_reference: "The message shows the reference {reference}.",
    code_label: "Enter the code",
    code_form: "A code of {count} digits",
    password_asked: "Your bank asks for the password of your card.",
    password_label: "Card password",
    app_asked: "Open the app of {bank} and confirm the payment there. This page continues by itself.",
    app_link: "Open the bank's app",
    phone_asked: "Which phone shall we send the code to?",
    phone_choice: "Phone {phone}",
    buttons: Buttons {
        submit: "Continue",
        resend: "Send a new code",
        send: "Send the code",
        confirmed: "I have confirmed in the app",
        code_instead: "Use a code instead",
        cancel: "Cancel",
    },
    notices: Notices {
        wrong: "That code is not right. You have {count} tries left.",
        wrong_once_more: "That code is not right. You have 1 try left; after more failures your card may be locked for online payments.",
        wrong_password: "That password is not right. You have {count} tries left.",
        wrong_password_once_more: "That password is not right. You have 1 try left; after more failures your card may be locked for online payments.",
        expired: "The code has expired. Ask for a new one.",
        resent: "We sent a new code. The old one no longer works.",
        too_early: "You can ask for a new code in {count} seconds.",
        no_more_codes: "We cannot send more codes. The last one still works.",
        sent_anew: "Your code did not arrive, so we sent a new one. The old one no longer works.",
        app_pending: "You have not confirmed in the app yet.",
        app_replaced: "We sent you a code instead of asking in the app.",
    },
    why: Expander {
        label: "Why am I asked?",
        text: "Your bank asks for a confirmation to protect you against misuse of your card. The payment goes through only after it.",
    },
    help: Expander {
        label: "Need help?",
        text: "A message can take a minute to arrive. Never share the code: nobody from {bank} will ask you for it. If you did not make this purchase, cancel and call the number on the back of your card.",
    },
    returning: "Returning to the merchant…",
    problem: Problem {
        heading: "We cannot continue",
        text: "Go back to the merchant and try again.",
        code: "Code {reference}",
    },
    inbox_link: "See this phone's messages",
};
