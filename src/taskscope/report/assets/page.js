// Charts that answer to the pointer and fit the screen; theme, model choice, copying and saving.
// Without this script the page shows the same charts as drawings.
"use strict";
(() => {
  const root = document.documentElement;
  const { config, figures } = JSON.parse(document.getElementById("specs").textContent);
  const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
  const said = (text) => words[text] ?? text;
  const GAP = 22, NARROWEST = 130;

  // ---- charts

  function fitted(spec, width, fewer) {
    const meta = spec.usermeta.taskscope;
    const own = { ...config, ...spec.config };
    if (meta.entries) {
      const columns = Math.max(1, Math.min(meta.entries, Math.floor(width / meta.entry)) - fewer);
      own.legend = { ...own.legend, columns };
    }
    if (!spec.facet) return { ...spec, width, config: own };
    const room = width - meta.margin;
    const columns = Math.max(1, Math.min(meta.columns, Math.floor((room + GAP) / (NARROWEST + GAP))));
    const panel = Math.floor((room - GAP * (columns - 1)) / columns);
    return { ...spec, columns, spec: { ...spec.spec, width: panel }, config: own };
  }

  // A legend begins where the axis does, and fonts differ: what goes beyond the drawing is known once it is drawn.
  const beyond = (svg) => svg.getBBox().x + svg.getBBox().width - svg.viewBox.baseVal.width;

  async function embedded(stage, spec, width) {
    for (let fewer = 0; ; fewer++) {
      const fit = fitted(spec, width, fewer);
      const result = await window.vegaEmbed(stage, fit, {
        mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false,
        tooltip: { theme: "custom", disableDefaultStyle: true },
      });
      const svg = stage.querySelector("svg");
      if (beyond(svg) <= 0) return result;
      if (!spec.usermeta.taskscope.entries || fit.config.legend.columns === 1) {
        const { height } = svg.viewBox.baseVal; // one column is still too wide: everything a little smaller
        const whole = Math.ceil(svg.viewBox.baseVal.width + beyond(svg));
        svg.setAttribute("viewBox", `0 0 ${whole} ${height}`);
        svg.setAttribute("width", whole);
        return result;
      }
      result.finalize();
    }
  }

  async function draw(plot) {
    const width = Math.floor(plot.clientWidth);
    if (!width || plot.drawnAt === width) return;
    plot.drawnAt = width;
    const stage = document.createElement("div");
    stage.style.cssText = `width: ${width}px; position: absolute; visibility: hidden`;
    plot.append(stage); // a drawing is measured where it stands
    try {
      const result = await embedded(stage, figures[plot.dataset.figure].spec, width);
      plot.view?.finalize();
      plot.view = result.view;
      stage.style.position = stage.style.visibility = "";
      plot.replaceChildren(stage);
      plot.dataset.drawn = "live";
    } catch (error) {
      stage.remove();
      plot.dataset.drawn = "still"; // the drawing that came with the page stays
      console.error("chart " + plot.dataset.figure + ": " + error.message);
    }
  }

  const plots = [...document.querySelectorAll("[data-figure]")];
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) draw(entry.target);
  }, { rootMargin: "600px" });
  const sized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      clearTimeout(target.waiting);
      target.waiting = setTimeout(() => target.view && draw(target), 150);
    }
  });
  for (const plot of plots) { seen.observe(plot); sized.observe(plot); }

  // ---- saving

  function save(name, type, text) {
    const link = document.createElement("a");
    link.download = name;
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function csv(rows) {
    const columns = [...new Set(rows.flatMap(Object.keys))];
    const cell = (value) => {
      let text = value == null ? "" : String(value).replace(/\n/g, " ");
      if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
      return /[",]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
    };
    return [columns, ...rows.map((row) => columns.map((c) => row[c]))].map((r) => r.map(cell).join(",")).join("\n") + "\n";
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.save) {
      const plot = button.closest("figure").querySelector("[data-figure]");
      const { name, spec } = figures[plot.dataset.figure];
      if (button.dataset.save === "csv") return save(name + ".csv", "text/csv", csv(spec.datasets.data.filter((row) => !row.kind.startsWith("panel"))));
      await draw(plot);
      save(name + ".svg", "image/svg+xml", await plot.view.toSVG());
    } else if (button.classList.contains("copy")) {
      copy(button);
    } else if (button.id === "theme") {
      setTheme(dark() ? "light" : "dark");
    }
  });

  async function copy(button) {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = said("Copied");
    } catch {
      getSelection().selectAllChildren(code); // a file opened from mail may not reach the clipboard
      button.textContent = said("Selected: press Ctrl+C");
    }
    setTimeout(() => { button.textContent = said("Copy"); }, 2500);
  }

  // ---- theme

  const system = matchMedia("(prefers-color-scheme: dark)");
  const toggle = document.getElementById("theme");
  const dark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  function label() {
    toggle.textContent = said(dark() ? "Light" : "Dark");
    toggle.setAttribute("aria-label", said(dark() ? "Light colours" : "Dark colours"));
  }
  function setTheme(name) {
    root.dataset.theme = name;
    try { localStorage.setItem("taskscope-theme", name); } catch { /* it holds for this visit */ }
    label();
  }
  system.addEventListener("change", label);
  label();

  // ---- one model at a time

  for (const choice of document.querySelectorAll("[data-choose]")) {
    const study = choice.closest("section");
    const show = () => {
      for (const part of study.querySelectorAll("[data-model]")) {
        part.toggleAttribute("data-off", choice.value !== "all" && part.dataset.model !== choice.value);
      }
    };
    choice.addEventListener("change", show);
    show();
  }

  // A link to a finding of a model that is not shown shows it first.
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const part = target?.closest("[data-model][data-off]");
    if (!part) return;
    const choice = part.closest("section").querySelector("[data-choose]");
    choice.value = part.dataset.model;
    choice.dispatchEvent(new Event("change"));
    // At once: charts that are drawn on the way would carry a slow scroll past its goal.
    target.scrollIntoView({ behavior: "instant" });
    target.focus({ preventScroll: true });
  }
  addEventListener("hashchange", reveal);
  reveal();
})();
