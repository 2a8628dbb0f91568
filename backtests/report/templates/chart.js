"use strict";
// Draws every chart from its specification, in the colours of the reader's setting, and again
// when the setting or the width changes.
(function () {
  const root = document.documentElement;
  const specs = JSON.parse(document.getElementById("charts").textContent);
  const narrow = window.matchMedia("(max-width: 40rem)");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function colour(token) {
    const [name, opacity] = token.slice(1).split("/");
    if (name === "clear") return "rgba(0, 0, 0, 0)";
    const value = getComputedStyle(root).getPropertyValue("--" + name).trim();
    if (!opacity) return value;
    const rgb = parseInt(value.slice(1), 16);
    return `rgba(${rgb >> 16}, ${(rgb >> 8) & 255}, ${rgb & 255}, ${opacity})`;
  }

  function resolved(value) {
    if (typeof value === "string") return value.startsWith("@") ? colour(value) : value;
    if (Array.isArray(value)) return value.map(resolved);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item)]));
  }

  function merged(base, changes) {
    const out = { ...base };
    for (const [key, item] of Object.entries(changes)) {
      const both = [base[key], item].every((x) => x && typeof x === "object" && !Array.isArray(x));
      out[key] = both ? merged(base[key], item) : item;
    }
    return out;
  }

  function draw(plot) {
    const spec = specs[plot.dataset.chart];
    const layout = narrow.matches ? merged(spec.layout, spec.narrow) : spec.layout;
    const font = { family: getComputedStyle(document.body).fontFamily };
    return Plotly.react(
      plot,
      resolved(spec.data),
      merged(resolved(layout), { width: plot.clientWidth, font }),
      { displayModeBar: false, scrollZoom: false, doubleClick: false, showTips: false },
    );
  }

  const plots = [...document.querySelectorAll(".plot")];
  const widths = new Map();

  function drawAll() {
    return Promise.all(plots.map(draw)).then(() => {
      root.dataset.drawn = dark.matches ? "dark" : "light";
    });
  }

  const watcher = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      // Paper hides the plots: they have no width then.
      if (target.clientWidth && target.clientWidth !== widths.get(target)) {
        widths.set(target, target.clientWidth);
        draw(target);
      }
    }
  });

  drawAll().then(
    () => plots.forEach((plot) => {
      widths.set(plot, plot.clientWidth);
      watcher.observe(plot);
    }),
    (error) => {
      // The still pictures take over.
      root.classList.remove("scripts");
      throw error;
    },
  );
  dark.addEventListener("change", drawAll);
  narrow.addEventListener("change", drawAll);

  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((item) => { item.open = true; });
  });
  window.addEventListener("afterprint", () => {
    opened.forEach((item) => { item.open = false; });
  });
})();
