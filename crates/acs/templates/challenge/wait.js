// Looks whether the app has answered, and shows the page that comes then. Unlike the refresh that browsers without scripts
// get, it leaves alone whoever reads the page or moves through it by keyboard meanwhile.
const main = document.querySelector("main[data-page]");
const EVERY_MILLISECONDS = 2000;

async function look() {
  let same = false;
  try {
    const reply = await fetch(main.dataset.page, { cache: "no-store" });
    const next = new DOMParser().parseFromString(await reply.text(), "text/html");
    same = next.querySelector("main")?.dataset.token === main.dataset.token;
  } catch {
    same = true;
  }
  if (same) {
    setTimeout(look, EVERY_MILLISECONDS);
  } else {
    location.replace(main.dataset.page);
  }
}

setTimeout(look, EVERY_MILLISECONDS);
