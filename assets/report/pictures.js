// Pixels: how far outputs are apart, and one image before and after.

/** Only pictures that stand in the page itself. */
const embedded = (address) => (String(address).startsWith("data:image/") ? address : "data:,");

function pixelsTable(loads) {
  const runs = loads.flatMap((load) =>
    load.runs.filter((run) => run.pixels).map((run) => ({ load, run, p: run.pixels })),
  );
  if (runs.length === 0) return null;
  const verdict = (p) =>
    p.largest === 0 ? "identical" : p.largest <= p.tolerance ? "within the tolerance" : "beyond the tolerance";
  const columns = [
    "run",
    "against",
    "verdict",
    "largest difference",
    "tolerance",
    "samples that differ",
    "PSNR",
    "SSIM",
  ];
  const rows = runs.map(({ load, run, p }) => [
    `${loads.length > 1 ? `${load.name}: ` : ""}${runName(run)}`,
    p.against,
    el("span", { class: p.largest <= p.tolerance ? "good" : "bad" }, verdict(p)),
    `${amount(p.largest)} ${p.largest === 1 ? "level" : "levels"}`,
    `${amount(p.tolerance)} ${p.tolerance === 1 ? "level" : "levels"}`,
    `${percent(p.differing)} of ${digits(p.samples, 0)}`,
    p.psnr == null ? "–" : `${digits(p.psnr, 1)} dB`,
    digits(p.ssim, 5),
  ]);
  const beyond = runs.filter(({ p }) => p.largest > p.tolerance);
  const same = runs.filter(({ p }) => p.largest === 0);
  const said = beyond.length
    ? `${plural(beyond.length, "run")} of ${runs.length} gave other pixels than the specification allows.`
    : same.length === runs.length
      ? `All ${runs.length} gave the same pixels, to the last bit.`
      : `All ${runs.length} gave the same pixels within the tolerance, ${same.length} of them to the last bit.`;
  return [
    el("p", { class: beyond.length ? "bad" : "" }, said),
    beyond.length ? table("Pixels compared", columns, rows) : tableBeneath("Pixels compared", columns, rows),
  ];
}

/** One image before and after with a slider between them, and the difference to the first run. */
function comparison(pictures) {
  if (pictures.length === 0) return null;
  const stage = el("div", { class: "stage" });
  const caption = el("figcaption", { class: "note" });
  let [picture, after, view] = [0, 0, "slider"];
  const pick = (label, options, change) =>
    el(
      "label",
      {},
      `${label} `,
      el(
        "select",
        { onchange: (event) => change(event.target.selectedIndex) },
        options.map((option) => el("option", {}, option)),
      ),
    );
  const runs = el("span", {});
  const views = el("span", { class: "buttons", role: "group", "aria-label": "View" });

  function drawSlider(before, result) {
    const over = el("img", {
      src: embedded(before.before),
      alt: `${shown(before.name)}, before`,
      class: "over",
      draggable: "false",
    });
    const line = el("i", { class: "handle", "aria-hidden": "true" });
    const range = el("input", {
      type: "range",
      min: 0,
      max: 100,
      step: 0.5,
      value: 50,
      "aria-label": "Share of the image before",
    });
    const move = () => {
      over.style.clipPath = `inset(0 ${100 - range.value}% 0 0)`;
      line.style.left = `${range.value}%`;
      range.setAttribute("aria-valuetext", `${Math.round(range.value)} % before`);
    };
    range.addEventListener("input", move);
    stage.replaceChildren(
      el("img", {
        src: embedded(result.image),
        alt: `${shown(before.name)}, after, ${result.run}`,
        draggable: "false",
      }),
      over,
      line,
      el("span", { class: "side left" }, "before"),
      el("span", { class: "side right" }, "after"),
      range,
    );
    move();
    caption.replaceChildren(named(before.name), `, after ${result.run}`);
  }

  function draw() {
    const chosen = pictures[picture];
    const result = chosen.after[after];
    if (!result) return stage.replaceChildren();
    if (view === "difference" && !result.difference) view = "slider";
    views.replaceChildren(
      ...[
        ["slider", "before / after"],
        ["difference", "difference"],
      ].map(([name, text]) =>
        el(
          "button",
          {
            type: "button",
            "aria-pressed": String(view === name),
            disabled: name === "difference" && !result.difference,
            onclick: () => ((view = name), draw()),
          },
          text,
        ),
      ),
    );
    if (view === "slider") return drawSlider(chosen, result);
    stage.replaceChildren(
      el("img", {
        src: embedded(result.difference),
        alt: `Where ${result.run} differs from ${chosen.after[0].run}`,
        draggable: "false",
      }),
    );
    caption.replaceChildren(
      named(chosen.name),
      `: difference of ${result.run} to ${chosen.after[0].run}, ${amount(result.gain)} times as bright`,
    );
  }

  function choose(number) {
    [picture, after] = [number, 0];
    const outputs = pictures[number].after;
    runs.replaceChildren(
      ...(outputs.length > 1
        ? [
            pick(
              "Output of",
              outputs.map((result) => result.run),
              (index) => ((after = index), draw()),
            ),
          ]
        : []),
    );
    draw();
  }

  const tools = el(
    "div",
    { class: "tools" },
    pictures.length > 1
      ? pick(
          "Image",
          pictures.map((one) => shown(one.name)),
          choose,
        )
      : null,
    runs,
    views,
  );
  const figure = el("figure", { class: "comparison" }, tools, stage, caption);
  choose(0);
  return figure;
}
