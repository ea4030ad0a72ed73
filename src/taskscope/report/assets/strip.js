// Strips of tokens: the reader chooses which weights are shown.
"use strict";
(() => {
  const all = JSON.parse(document.getElementById("shadings").textContent);
  for (const strip of document.querySelectorAll("[data-strip]")) {
    const choice = strip.querySelector("select"), shadings = all[strip.dataset.strip];
    if (!choice || !shadings) continue;
    const tokens = [...strip.querySelectorAll(".token")], text = strip.querySelector(".strip");
    const title = text.getAttribute("aria-label").split(":")[0];
    choice.addEventListener("change", () => {
      const { name, weights } = shadings[choice.value];
      const top = Math.max(...weights) || 1;
      tokens.forEach((token, i) => {
        token.style.setProperty("--w", weights[i] / top);
        token.title = (100 * weights[i]).toFixed(1) + " %";
      });
      const order = weights.map((w, i) => [w, i]).sort((a, b) => b[0] - a[0] || a[1] - b[1]).slice(0, 3);
      const most = order.map(([w, i]) => `${tokens[i].textContent} ${(100 * w).toFixed(0)} %`).join(", ");
      text.setAttribute("aria-label", `${title}: ${name}. Most on ${most}.`);
    });
  }
})();
