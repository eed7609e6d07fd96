//! Japanese.

use super::{Buttons, Expander, Notices, Problem, Words};

pub(super) static WORDS: Words = Words {
    header: "お支払いの確認",
    merchant: "加盟店",
    amount: "金額",
    card: "カード",
    some_merchant: "オンラインショップ",
    payment: "{merchant}への{amount}のお支払い(末尾{last_four}のカード)。",
    confirmation: "{merchant}での末尾{last_four}のカードの確認。",
    code_sent: "{phone}にSMSで認証コードを送信しました。",
    code_reference: "メッセージの照合番号は{reference}です。",
    code_label: "認証コードを入力",
    code_form: "{count}桁の認証コード",
    password_asked: "カードのパスワードを入力してください。",
    password_label: "カードのパスワード",
    app_asked: "{bank}のアプリを開いてお支払いを承認してください。このページは自動的に進みます。",
    app_link: "銀行のアプリを開く",
    phone_asked: "認証コードの送信先を選んでください。",
    phone_choice: "電話番号 {phone}",
    buttons: Buttons {
        submit: "次へ",
        resend: "コードを再送信",
        send: "コードを送信",
        confirmed: "アプリで承認しました",
        code_instead: "認証コードを使う",
        cancel: "キャンセル",
    },
    notices: Notices {
        wrong: "コードが正しくありません。残り{count}回です。",
        wrong_once_more: "コードが正しくありません。残り1回です。さらに失敗すると、カードがオンライン決済でロックされることがあります。",
        wrong_password: "パスワードが正しくありません。残り{count}回です。",
        wrong_password_once_more: "パスワードが正しくありません。残り1回です。さらに失敗すると、カードがオンライン決済でロックされることがあります。",
        expired: "コードの有効期限が切れました。再送信してください。",
        resent: "新しいコードを送信しました。以前のコードは使えません。",
        too_early: "{count}秒後にコードを再送信できます。",
        no_more_codes: "これ以上コードを送信できません。最後のコードは使えます。",
        sent_anew: "コードが届かなかったため、新しいコードを送信しました。以前のコードは使えません。",
        app_pending: "アプリでの承認がまだ確認できません。",
        app_replaced: "アプリの代わりに認証コードを送信しました。",
    },
    why: Expander {
        label: "確認が必要な理由",
        text: "カードの不正利用を防ぐため、銀行が確認を求めています。確認が済むまでお支払いは行われません。",
    },
    help: Expander {
        label: "お困りですか",
        text: "メッセージが届くまで1分ほどかかることがあります。コードを他人に教えないでください。{bank}がお尋ねすることはありません。お心当たりがない場合は、キャンセルしてカード裏面の番号にお電話ください。",
    },
    returning: "加盟店に戻っています…",
    problem: Problem {
        heading: "続行できません",
        text: "加盟店に戻って、もう一度お試しください。",
        code: "コード {reference}",
    },
    inbox_link: "この電話のメッセージを見る",
};
