"use strict";
// The page is complete without this: it adds finding, and copying of examples.

const filter = document.getElementById("filter");
filter.addEventListener("input", () => {
  const words = filter.value.trim().toLowerCase().split(/\s+/);
  for (const place of document.querySelectorAll("[data-find]")) {
    const text = place.dataset.find.toLowerCase();
    place.hidden = !words.every((word) => text.includes(word));
  }
});

for (const block of document.querySelectorAll("pre")) {
  block.tabIndex = 0;
  const code = block.querySelector("code");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  block.append(button);
}
