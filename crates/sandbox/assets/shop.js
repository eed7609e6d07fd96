// The shop's pages work without this file. With it, the form tells what 3-D Secure wants to know of the browser, and
// the order's page follows the order and its webhooks as they change.
"use strict";

const form = document.getElementById("pay");
if (form) {
  const browser = {
    color_depth: screen.colorDepth,
    java_enabled: navigator.javaEnabled?.() ?? false,
    language: navigator.language,
    screen_height: screen.height,
    screen_width: screen.width,
    time_zone: new Date().getTimezoneOffset(),
  };
  for (const [name, value] of Object.entries(browser)) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = String(value);
    form.append(input);
  }
  form.addEventListener("submit", () => {
    const button = document.getElementById("buy");
    button.disabled = true;
    button.textContent = "Pagando…";
  });
  // Coming back with the browser's button shows the form as it was left.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

const order = document.getElementById("order");
if (order) {
  followOrder(order.dataset);
  followWebhooks(order.dataset.order);
}

async function followOrder({ token, hash }) {
  let since = hash;
  for (;;) {
    const view = await ask(`/shop/orders/${token}?wait=25&since=${encodeURIComponent(since)}`);
    if (!view) continue;
    // Unchanged after the wait, or a gateway that does not wait: either way, not at once again.
    if (view.hash_state === since) await pause(1000);
    since = view.hash_state;
    const headline = document.getElementById("headline");
    if (headline.textContent !== view.headline) headline.textContent = view.headline;
    headline.className = `mood-${view.mood}`;
    for (const element of document.querySelectorAll("[data-field]")) {
      element.textContent = view[element.dataset.field];
    }
    document.getElementById("messages").href = `/messages?authentication=${view.authentication}`;
  }
}

async function followWebhooks(orderId) {
  const rows = document.getElementById("webhooks");
  for (;;) {
    const known = rows.rows.length;
    const list = await ask(
      `/shop/webhooks?order_id=${encodeURIComponent(orderId)}&known=${known}&wait=25`,
    );
    for (const webhook of list?.slice(known) ?? []) {
      const row = rows.insertRow();
      const cells = [
        webhook.received_at.slice(11, 19),
        webhook.body.event_type,
        webhook.body.order?.payment?.data?.status,
        webhook.deuna_signature_valid ? "válida" : "no válida",
        webhook.standard_signature_valid ? "válida" : "no válida",
      ];
      for (const text of cells) row.insertCell().textContent = text ?? "";
    }
  }
}

// The answer's JSON; nothing, after a while, when there is none.
async function ask(url) {
  try {
    const response = await fetch(url, { headers: { accept: "application/json" } });
    if (response.ok) return await response.json();
  } catch {
    // The sandbox was stopped: look again later.
  }
  await pause(2000);
  return null;
}

function pause(milliseconds) {
  return new Promise((resume) => setTimeout(resume, milliseconds));
}
