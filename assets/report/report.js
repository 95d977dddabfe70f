// The page, from top to bottom.

const { document: report, names, drawings } = JSON.parse(document.getElementById("data").textContent);

/** The runs of a load that have a timeline, with the drawing of each. */
const drawn = (() => {
  let next = 0;
  return report.loads.map((load) =>
    load.runs.filter((run) => run.timeline).map((run) => {
      const drawing = drawings[next++];
      return { run, drawing, names: names[drawing.names] };
    }));
})();

const several = report.loads.length > 1;

/** A part of the page for each load, side by side where there is room; null where none has anything to show. */
function section(id, title, intro, parts) {
  const full = parts.map((part, i) => part && el("div", { class: "load" }, several ? loadHead(report.loads[i]) : null, part)).filter(Boolean);
  if (full.length === 0) return null;
  return el("section", { id, "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, title), intro, el("div", { class: full.length > 1 ? "loads" : "" }, full));
}

function loadHead(load) {
  return el("header", { class: "load-head" }, el("h3", {}, load.name), el("p", { class: "note" }, load.about));
}

/** The figures of a report of one run. */
function keyFigures(load) {
  const f = load.runs[0].figures;
  const figures = [
    [amount(f.images_per_second), "images/s"],
    [percent(f.working), "of the time someone worked"],
    [percent(f.waiting), "of the time all waited"],
    [digits(f.cores_busy, 2), "workers at work at a time"],
    f.device_busy == null ? null : [percent(f.device_busy), "of the time the device had an image"],
  ];
  return el("dl", { class: "key" }, figures.filter(Boolean).map(([value, what]) => el("div", {}, el("dt", {}, what), el("dd", {}, value))));
}

function head() {
  const [first, ...others] = report.verdict;
  return el("header", { class: "top" },
    el("div", { class: "line" }, el("span", { class: "program" }, "imgproc"), el("h1", {}, shown(report.title)), themeButton()),
    first ? el("p", { class: "verdict" }, first) : null,
    others.length ? el("ul", { class: "lessons" }, others.map((text) => el("li", {}, text))) : null);
}

const lessons = (load) => (load.lessons.length ? el("ul", { class: "lessons" }, load.lessons.map((text) => el("li", {}, text))) : null);

function speed() {
  const single = !several && report.loads[0]?.runs.length === 1;
  if (single) return report.loads[0].runs[0].figures ? el("section", { "aria-label": "Key figures" }, keyFigures(report.loads[0])) : null;
  const parts = report.loads.map((load) => (load.runs.length ? [speedBars(load), figuresTable(load), lessons(load)] : null));
  return section("speed", "How fast", el("p", { class: "intro" }, "Images per second; longer is better. Dots are the repetitions, the bar their median, the factor is over ", el("i", {}, "sequential"), "; ≈ is as fast as the row above within their spread."), parts);
}

function timelines() {
  const panels = report.loads.map((load, i) => (drawn[i].length ? new Panel(load, drawn[i]).element : null));
  const intro = [
    legend(report),
    el("p", { class: "note hint" }, "Hover for what ran; drag to zoom in, double-click for all; click to follow an image. Keys: arrows, + − 0, Enter."),
  ];
  return section("timelines", "Who waited, who worked", intro, panels);
}

function stages() {
  const parts = report.loads.map((load) => (available(load).some((run) => run.figures.stages.length) ? stageBars(load) : null));
  return section("stages", "Time per stage", el("p", { class: "intro" }, "Summed over all images, so many at once make it longer than the run."), parts);
}

const limits = () => section("limit", "The limit", null, report.loads.map((load) => (load.limit ? limitBars(load) : null)));

function pixels() {
  const parts = [pixelsTable(report.loads), comparison(report.pictures)].filter(Boolean);
  return parts.length ? el("section", { id: "pixels", "aria-labelledby": "pixels-title" }, el("h2", { id: "pixels-title" }, "The same pixels?"), parts) : null;
}

function setting() {
  const list = (title, pairs) => pairs.length ? el("div", {}, el("h3", {}, title), el("dl", { class: "pairs" }, pairs.map(([name, value]) => [el("dt", {}, name), el("dd", {}, shown(value))]))) : null;
  const copy = el("button", { type: "button", onclick: () => copied(report.command, copy) }, "Copy");
  return el("section", { id: "setting", "aria-labelledby": "setting-title" }, el("h2", { id: "setting-title" }, "Machine and settings"),
    el("div", { class: "loads" }, list("Settings", report.settings), list("Machine", report.machine)),
    report.command ? el("div", {}, el("h3", {}, "To repeat it"), el("div", { class: "command" }, el("code", { tabindex: 0 }, shown(report.command)), copy)) : null);
}

async function copied(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Pages from the disk may be denied the clipboard: then the text is selected for the user's own copying.
    getSelection().selectAllChildren(button.previousSibling);
    button.textContent = "Selected";
  }
}

document.getElementById("report").replaceChildren(
  ...[head(), speed(), timelines(), stages(), limits(), pixels(), setting()].filter(Boolean));
