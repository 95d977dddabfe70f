// Elements, numbers in words, tables, the tooltip and the theme. Text reaches the page as text nodes only.

/** An element with attributes, listeners (`onclick`) and children; children that are null are left out. */
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null));
  return element;
}

/** A name as a file system gives it: it may be written from right to left, and hold line breaks. */
function named(text) {
  return el("bdi", {}, shown(text));
}

/** Text with what can't be seen made visible. */
function shown(text) {
  return String(text).replace(/[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\u241a");
}

const digits = (value, places) =>
  value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });

/** Three significant digits, and whole numbers as such. */
function amount(value) {
  if (Number.isInteger(value)) return digits(value, 0);
  return digits(value, value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

/** A length of time, from whole microseconds, so that halves round alike wherever the time was computed. */
function seconds(value) {
  const micros = Math.round(1e6 * value);
  if (micros >= 1e8) return `${digits(micros / 1e6, 0)} s`;
  if (micros >= 1e6) return `${digits(micros / 1e6, 2)} s`;
  if (micros >= 1e3) return `${amount(micros / 1e3)} ms`;
  return `${digits(micros, 0)} µs`;
}

/** A moment on the axis; `step` is what lies between two of them. */
function moment(value, step) {
  if (value === 0) return "0";
  const [unit, scale] = step >= 0.1 ? ["s", 1] : step >= 1e-4 ? ["ms", 1e3] : ["µs", 1e6];
  const places = Math.max(0, Math.ceil(-Math.log10(step * scale) - 1e-9));
  return `${digits(value * scale, places)} ${unit}`;
}

function percent(share) {
  const value = 100 * share;
  if (value > 0 && value < 0.1) return `${value.toPrecision(1)} %`;
  return `${digits(value, value > 0 && value < 1 ? 1 : 0)} %`;
}

const bytes = (value) => (value >= 2 ** 30 ? `${digits(value / 2 ** 30, 1)} GiB` : `${digits(value / 2 ** 20, 0)} MiB`);

const times = (factor) => `${digits(factor, factor >= 9.95 ? 0 : factor >= 1.95 ? 1 : 2)}×`;

/** `1 image`, `2 images`. */
const plural = (count, noun) => `${digits(count, 0)} ${noun}${count === 1 ? "" : "s"}`;

const runName = (run) => `${run.schedule}, ${run.backend}`;

/** Numbers from 0 to at least `most`, evenly apart, about `count` of them. */
function ticks(from, to, count) {
  const rough = (to - from) / Math.max(1, count);
  if (!(rough > 0)) return { step: 1, values: [from] };
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const values = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to * (1 + 1e-9); i++) values.push(i * step);
  return { step, values };
}

/** A table that scrolls by itself where the page is narrow. The first column names the rows. */
function table(caption, columns, rows) {
  const head = el(
    "tr",
    {},
    columns.map((column) => el("th", { scope: "col" }, column)),
  );
  const body = rows.map((row) =>
    el(
      "tr",
      {},
      row.map((cell, i) => el(i === 0 ? "th" : "td", i === 0 ? { scope: "row" } : {}, cell ?? "–")),
    ),
  );
  const whole = el(
    "table",
    {},
    el("caption", { class: "unseen" }, caption),
    el("thead", {}, head),
    el("tbody", {}, body),
  );
  return el("div", { class: "scrolls", tabindex: 0, role: "region", "aria-label": caption }, whole);
}

/** A table that stands folded up beneath a chart. */
function tableBeneath(caption, columns, rows) {
  return el("details", { class: "beneath" }, el("summary", {}, caption), table(caption, columns, rows));
}

const tip = document.getElementById("tip");

/** Shows the tooltip beside a place of the window; it keeps inside. */
function showTip(x, y, ...content) {
  tip.replaceChildren(...content.flat(Infinity));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = x + 14 + width > innerWidth - 8 ? x - 14 - width : x + 14;
  tip.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  tip.style.top = `${Math.max(8, y + 18 + height > innerHeight ? y - 12 - height : y + 18)}px`;
}

function hideTip() {
  tip.hidden = true;
}

/** Shows lines of text on hover and on focus. */
function explains(element, lines) {
  const place = () => element.getBoundingClientRect();
  const content = () => lines.map((line, i) => el(i === 0 ? "strong" : "div", {}, line));
  element.addEventListener("pointermove", (event) => showTip(event.clientX, event.clientY, content()));
  element.addEventListener("pointerleave", hideTip);
  element.addEventListener("focus", () => showTip(place().left, place().bottom, content()));
  element.addEventListener("blur", hideTip);
  return element;
}

addEventListener("keydown", (event) => event.key === "Escape" && hideTip());
addEventListener("scroll", hideTip, { passive: true });

/** What is to be drawn again when colours or sizes change. */
const redraws = [];
const redraw = () => redraws.forEach((draw) => draw());

const THEMES = ["auto", "light", "dark"];
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
let theme = "auto";

/** A page from the disk may be denied a memory. */
function remembered(theme) {
  try {
    if (theme) localStorage.setItem("imgproc-theme", theme);
    return localStorage.getItem("imgproc-theme");
  } catch {
    return null;
  }
}

function applyTheme(chosen) {
  theme = THEMES.includes(chosen) ? chosen : "auto";
  const dark = theme === "auto" ? prefersDark.matches : theme === "dark";
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  redraw();
}

function themeButton() {
  const button = el("button", { type: "button", class: "quiet", id: "theme" });
  const label = () => {
    button.textContent = `${{ auto: "◐", light: "○", dark: "●" }[theme]} ${theme}`;
    button.setAttribute("aria-label", `${theme} colours; change them`);
  };
  button.addEventListener("click", () => {
    applyTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
    remembered(theme);
    label();
  });
  label();
  return button;
}

applyTheme(remembered());
prefersDark.addEventListener("change", () => applyTheme(theme));
addEventListener("beforeprint", () => {
  document.querySelectorAll("details").forEach((details) => (details.open = true));
  // As wide as the paper and light already, since nothing is drawn again between now and the printing.
  document.documentElement.classList.add("paper");
  document.documentElement.dataset.theme = "light";
  redraw();
});
addEventListener("afterprint", () => {
  document.documentElement.classList.remove("paper");
  applyTheme(theme);
});
