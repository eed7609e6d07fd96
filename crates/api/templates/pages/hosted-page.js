// What the hosted pages' documents do, each named by its body's data-page.
//
// "payment"        asks the server for the next step and shows it, until the payment is done
// "handover"       posts its form to an ACS
// "bank-answered"  gives way to the payment's page
// "method-done"    tells the payment's page so
// "result"         goes on to the merchant
// "onward"         goes on, in this window or in the one that opened it
// "card"           asks for a card
"use strict";

// A processing screen stands for at least so long around the authentication request, and between screens
// (EMV 3-D Secure, merchant pages), so that nobody sees it flicker by.
const PROCESSING_MIN_MS = 2000;
const BETWEEN_SCREENS_MS = 1000;
// How long the server may hold an answer, and how long we wait for one that it should have sent by then.
const POLL_WAIT_SECONDS = 25;
const ANSWER_MAX_MS = (POLL_WAIT_SECONDS + 10) * 1000;
// Pauses between tries while the connection is lost; after the last one the cardholder decides.
const RETRY_PAUSES_MS = [500, 1000, 2000, 4000, 8000, 8000, 8000, 8000];
// A server that answers the same step at once is not to be asked in a tight loop.
const SAME_STEP_PAUSE_MS = 1000;
const RESULT_SHOWN_MS = 1500;
// How a page that comes back from a challenge in its own place knows that it does.
const BANK_HAS_ANSWERED = "#bank-answered";

// What a challenge's frame may do (EMV 3-D Secure, 3DS requestor's page).
const CHALLENGE_ALLOW = "payment *; publickey-credentials-get *; publickey-credentials-create *";
const CHALLENGE_SANDBOX = "allow-forms allow-scripts allow-same-origin allow-pointer-lock allow-popups";
const METHOD_SANDBOX = "allow-forms allow-scripts allow-same-origin";

const byId = (id) => document.getElementById(id);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

// Waits, but no longer than until the browser is online or looked at again: phones suspend us while the cardholder
// reads a text message.
const pauseOrWake = (ms) => new Promise((resolve) => {
  const wake = () => {
    if (document.visibilityState === "visible") resolve();
  };
  addEventListener("online", wake, { once: true });
  document.addEventListener("visibilitychange", wake, { once: true });
  setTimeout(resolve, ms);
});

const leadsOut = (address) => /^https?:\/\//i.test(address);

// The payment's page.

class Gone extends Error {}

function payment() {
  const main = byId("payment");
  const { token, address } = main.dataset;
  const status = byId("status");
  let processingSince = performance.now();
  // A wait before the challenge, or without one, is for the bank; any other is for the end of the payment.
  let waitsForBank = location.hash !== BANK_HAS_ANSWERED;
  let bankAnswered = () => {};
  let methodDone = () => {};

  addEventListener("message", (event) => {
    if (event.origin !== location.origin || !event.data) return;
    if (event.data.pasarela === "bank-answered") bankAnswered();
    if (event.data.pasarela === "method-done") methodDone();
  });
  // A page kept by the browser's history shows a step of long ago.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });

  const say = (what) => {
    const text = status.dataset[what];
    if (status.textContent !== text) status.textContent = text;
  };

  const stage = (name) => {
    let past = true;
    for (const item of main.querySelectorAll("[data-stage]")) {
      const current = item.dataset.stage === name;
      if (current) past = false;
      item.classList.toggle("past", past);
      if (current) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    }
    // Past the bank there is nothing left to give up.
    byId("give-up").hidden = name === "finish";
  };

  const ask = async (path, options) => {
    const said = status.textContent;
    for (let tried = 0; ; tried += 1) {
      try {
        const reply = await fetch(path, {
          ...options, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(ANSWER_MAX_MS),
        });
        if (reply.ok) {
          const answer = await reply.json();
          if (status.textContent === status.dataset.reconnecting) status.textContent = said;
          return answer;
        }
        if (reply.status === 404 || reply.status === 410) throw new Gone();
        if (reply.status < 500 && reply.status !== 429) throw new Error("refused");
      } catch (error) {
        if (error instanceof Gone || error.message === "refused") throw error;
      }
      if (tried === RETRY_PAUSES_MS.length) throw new Error("no answer");
      if (tried > 0) say("reconnecting");
      await pauseOrWake(RETRY_PAUSES_MS[tried]);
    }
  };

  const browserData = () => ({
    token,
    color_depth: screen.colorDepth,
    java_enabled: typeof navigator.javaEnabled === "function" && navigator.javaEnabled(),
    language: navigator.language || document.documentElement.lang,
    screen_height: Math.round(screen.height),
    screen_width: Math.round(screen.width),
    time_zone: new Date().getTimezoneOffset(),
    user_agent: navigator.userAgent,
    accept_header: main.dataset.accept,
  });

  const tellBrowserData = () => ask("/transactions/3ds/browser-data", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(browserData()),
  });

  // Answers the first step that is another than the one seen.
  const stepAfter = async (seen) => {
    for (;;) {
      const asked = performance.now();
      const step = await ask(
        `/transactions/3ds/progress?token=${token}&seen=${seen}&wait=${POLL_WAIT_SECONDS}`,
      );
      if (step.next !== seen) return step;
      await pause(asked + SAME_STEP_PAUSE_MS - performance.now());
    }
  };

  const frameIn = (place, source, sandbox) => {
    const frame = document.createElement("iframe");
    frame.title = place.dataset.title;
    frame.setAttribute("sandbox", sandbox);
    frame.src = source;
    return frame;
  };

  const showProcessing = (what) => {
    const challenge = byId("challenge");
    if (!challenge.hidden) {
      challenge.replaceChildren();
      challenge.hidden = true;
      main.classList.remove("wide");
      processingSince = performance.now() - PROCESSING_MIN_MS + BETWEEN_SCREENS_MS;
      byId("heading").focus();
    }
    byId("spinner").hidden = false;
    say(what);
  };

  // Holds the processing screen until it has stood long enough.
  const processed = () => pause(processingSince + PROCESSING_MIN_MS - performance.now());

  // The server ends this step by its own timer; taking the frame away is all there is to do here.
  const runMethod = async (step) => {
    stage("prepare");
    showProcessing("preparing");
    const place = byId("offstage");
    const frame = frameIn(place, step.frame, METHOD_SANDBOX);
    frame.tabIndex = -1;
    const clear = () => frame.remove();
    methodDone = clear;
    place.replaceChildren(frame);
    setTimeout(clear, step.timeout_ms);
    const next = await stepAfter("method");
    clear();
    return next;
  };

  const challenge = async (step) => {
    await processed();
    stage("bank");
    if (!step.window) {
      // The bank was promised the whole page; it leads back to this one.
      location.replace(step.frame);
      return new Promise(() => {});
    }
    const place = byId("challenge");
    const frame = frameIn(place, step.frame, CHALLENGE_SANDBOX);
    frame.allow = CHALLENGE_ALLOW;
    frame.width = step.window.width;
    frame.height = step.window.height;
    waitsForBank = false;
    bankAnswered = () => {
      stage("finish");
      showProcessing("finishing");
    };
    byId("spinner").hidden = true;
    byId("give-up").open = false;
    say("challenge");
    main.classList.add("wide");
    place.replaceChildren(frame);
    place.hidden = false;
    frame.focus();
    const next = await stepAfter("challenge");
    bankAnswered();
    return next;
  };

  // The bank comes to the cardholder; what it wants to be read is shown, and there is nothing to do here.
  const decoupled = async (step) => {
    const says = byId("issuer-says");
    await processed();
    stage("bank");
    showProcessing("decoupled");
    says.textContent = step.text || "";
    says.hidden = !step.text;
    const next = await stepAfter("decoupled");
    says.hidden = true;
    waitsForBank = false;
    return next;
  };

  const leave = async (step) => {
    stage("finish");
    if (step.redirect && leadsOut(step.redirect)) {
      showProcessing("returning");
      await processed();
      location.replace(step.redirect);
    } else {
      await processed();
      location.replace(address);
    }
  };

  const play = async (first) => {
    let step = first;
    while (step.next !== "done") {
      switch (step.next) {
        case "browser_data":
          stage("prepare");
          showProcessing("preparing");
          step = await tellBrowserData();
          break;
        case "method":
          step = await runMethod(step);
          break;
        case "challenge":
          step = await challenge(step);
          break;
        case "decoupled":
          step = await decoupled(step);
          break;
        default:
          stage(waitsForBank ? "bank" : "finish");
          showProcessing(waitsForBank ? "checking" : "finishing");
          step = await stepAfter(step.next);
      }
    }
    await leave(step);
  };

  play(JSON.parse(main.dataset.step)).catch((error) => {
    // The server has a page for what is no more; anything else is for the cardholder to try again.
    if (error instanceof Gone) {
      location.replace(address);
      return;
    }
    showProcessing("stuck");
    byId("spinner").hidden = true;
    byId("again").hidden = false;
    byId("again").querySelector("a").focus();
  });
}

// The documents in the frames.

// Tells those of our ancestors that are ours, whoever stands in between; answers whether there is one.
function tellOurPage(message) {
  let told = false;
  for (let place = window; place !== place.parent;) {
    place = place.parent;
    try {
      if (place.location.origin !== location.origin) continue;
    } catch {
      continue;
    }
    place.postMessage({ pasarela: message }, location.origin);
    told = true;
  }
  return told;
}

function handover() {
  byId("handover").submit();
}

function bankHasAnswered() {
  if (!tellOurPage("bank-answered")) location.replace(document.body.dataset.address + BANK_HAS_ANSWERED);
}

// The end.

function result() {
  byId("heading").focus();
  const { redirect } = document.body.dataset;
  if (redirect && leadsOut(redirect)) setTimeout(() => location.replace(redirect), RESULT_SHOWN_MS);
}

// On the way, by the document's only link.

function onward() {
  const link = byId("onward");
  const { seconds, opener: movesOpener } = document.body.dataset;
  if (!leadsOut(link.href)) return;
  setTimeout(() => {
    // Without the window that opened this one, be it closed or cut off, the way ends here.
    if (!movesOpener || !window.opener || window.opener.closed) {
      location.replace(link.href);
      return;
    }
    window.opener.location.replace(link.href);
    window.close();
    // For a browser that keeps it open.
    byId("status").textContent = byId("status").dataset.done;
    byId("spinner").hidden = true;
  }, Number(seconds) * 1000);
}

// Another card.

function card() {
  const form = byId("card");
  const button = byId("pay");
  const text = button.textContent;
  form.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.sending;
  });
  // A page kept by the browser's history is as it was sent.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    form.reset();
    button.removeAttribute("aria-disabled");
    button.textContent = text;
  });
  const wrong = form.querySelector("[aria-invalid]");
  (wrong || byId("heading")).focus();
}

switch (document.body.dataset.page) {
  case "payment":
    payment();
    break;
  case "handover":
    handover();
    break;
  case "bank-answered":
    bankHasAnswered();
    break;
  case "method-done":
    tellOurPage("method-done");
    break;
  case "result":
    result();
    break;
  case "onward":
    onward();
    break;
  case "card":
    card();
    break;
}
