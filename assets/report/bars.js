// Bars of speed, of time per stage and of what one thing alone takes.

const STAGES = {
  read: { doing: "reads, or waits for the file", pale: true },
  write: { doing: "writes the result", pale: true },
  upload: { doing: "copies to the device", pale: true },
  readback: { doing: "copies from the device", pale: true },
  decode: { doing: "decodes", pale: false },
  compute: { doing: "computes", pale: false },
  kernels: { doing: "computes, by the device's clock", pale: false },
  queued: { doing: "has an image, or lets it queue", pale: false },
  encode: { doing: "encodes", pale: false },
};

const ORDER = ["read", "decode", "upload", "compute", "kernels", "readback", "queued", "encode", "write"];

const available = (load) => load.runs.filter((run) => run.figures);

const best = (load) =>
  available(load).reduce((a, b) => (a && a.figures.images_per_second >= b.figures.images_per_second ? a : b), null);

/** A row of a bar chart: a name, a track with the bar on it, a label at the bar's end. */
function barRow(name, track, label, attributes = {}) {
  return el(
    "div",
    { class: "bar-row", ...attributes },
    el("div", { class: "bar-name" }, name),
    track,
    label && el("div", { class: "bar-label" }, label),
  );
}

const share = (value) => `${(100 * value).toFixed(3)}%`;

/** By what the runs of a load stand together: `backend` or `schedule`. */
const grouping = ({ runs }) => (runs.length > 1 && runs[0].backend === runs[1].backend ? "backend" : "schedule");

/** Schedule and backend of a run; what the row above has too is not said again. */
function runNames(run, again = null) {
  return ["schedule", "backend"].map((part) =>
    el("span", { class: part === again ? `${part} again` : part }, run[part]),
  );
}

/** Images per second of every run of a load, with each repetition as a dot. */
function speedBars(load) {
  const repeated = (run) => run.figures.seconds.filter((s) => s > 0).map((s) => load.images / s);
  const most = Math.max(...available(load).flatMap((run) => [run.figures.images_per_second, ...repeated(run)]), 1e-9);
  const winner = best(load);
  const rows = [];
  const group = grouping(load);
  let before = null;
  // A backend that is missing altogether is told of once.
  const missing = (run) =>
    load.runs.every(
      (other) => other.backend !== run.backend || (!other.figures && other.unavailable === run.unavailable),
    );
  const told = new Set();
  for (const run of load.runs) {
    if (!run.figures) {
      const everywhere = missing(run);
      if (everywhere && told.has(run.backend)) continue;
      told.add(run.backend);
      const name = everywhere ? el("span", { class: "backend" }, run.backend) : runNames(run);
      rows.push(
        barRow(name, el("div", { class: "why" }, run.unavailable ?? "not run"), null, {
          class: `bar-row absent${everywhere ? " last" : ""}`,
        }),
      );
      continue;
    }
    const first = run[group] !== before;
    before = run[group];
    const name = runNames(run, first ? null : group);
    const { images_per_second: rate, speedup, within_noise: noise } = run.figures;
    const values = repeated(run);
    const dots =
      values.length > 1 ? values.map((v) => el("i", { class: "dot", style: `left:${share(v / most)}` })) : [];
    const spread =
      values.length > 1
        ? el("i", {
            class: "spread",
            style: `left:${share(Math.min(...values) / most)};width:${share((Math.max(...values) - Math.min(...values)) / most)}`,
          })
        : null;
    const bar = el("i", { class: `bar${run === winner ? " winner" : ""}`, style: `width:${share(rate / most)}` });
    const label = [
      el("b", {}, amount(rate)),
      speedup == null ? null : el("span", { class: "speedup" }, times(speedup)),
      noise ? el("span", { class: "noise" }, "≈") : null,
    ];
    const track = explains(el("div", { class: "track" }, bar, spread, dots), [
      runName(run),
      `${amount(rate)} images/s, the median of ${plural(values.length, "run")}`,
      values.length > 1 ? `${amount(Math.min(...values))} to ${amount(Math.max(...values))}` : "",
      noise ? "as fast as the row above, within that spread" : "",
    ]);
    rows.push(
      barRow(name, track, label, {
        class: `bar-row${first ? " first" : ""}`,
        "data-run": runName(run),
        "data-value": rate,
      }),
    );
  }
  rows.sort((a, b) => a.classList.contains("last") - b.classList.contains("last"));
  const said = available(load)
    .map((run) => `${runName(run)} ${amount(run.figures.images_per_second)}`)
    .join("; ");
  return el(
    "div",
    { class: "bars speed", role: "img", "aria-label": `Images per second, ${load.name}: ${said}` },
    rows,
  );
}

/** Every figure of a load's runs. */
function figuresTable(load) {
  const columns = [
    "schedule, backend",
    "images/s",
    "spread",
    "speed-up",
    "waiting",
    "working",
    "cores busy",
    "device busy",
    "peak memory",
    "threads",
    "verdict",
  ];
  const rows = load.runs.map((run) => {
    const f = run.figures;
    if (!f) return [runName(run), "–", "", "", "", "", "", "", "", "", run.unavailable ?? "not run"];
    const rates = f.seconds.filter((s) => s > 0).map((s) => load.images / s);
    return [
      runName(run),
      amount(f.images_per_second),
      rates.length > 1 ? `${amount(Math.min(...rates))} – ${amount(Math.max(...rates))}` : "one run",
      f.speedup == null ? "–" : times(f.speedup) + (f.within_noise ? " ≈" : ""),
      percent(f.waiting),
      percent(f.working),
      digits(f.cores_busy, 2),
      f.device_busy == null ? "–" : percent(f.device_busy),
      f.peak_memory_bytes == null ? "–" : bytes(f.peak_memory_bytes),
      f.threads == null ? "–" : digits(f.threads, 0),
      f.verdict,
    ];
  });
  const used = columns.map((_, i) => i < 6 || rows.some((row) => row[i] !== "–" && row[i] !== ""));
  const kept = (row) => row.filter((_, i) => used[i]);
  return tableBeneath(`All figures, ${load.name}`, kept(columns), rows.map(kept));
}

/** Stages that do not hold one another: of computing on a device only what its own clock does not tell of. */
function apart(stages) {
  const device = stages.filter((stage) => ["upload", "kernels", "readback"].includes(stage.stage));
  const told = device.reduce((sum, stage) => sum + stage.worked, 0);
  if (told === 0) return stages;
  const rest = (stage) => ({ ...stage, stage: "queued", worked: Math.max(0, stage.worked - told) });
  return stages.map((stage) => (stage.stage === "compute" ? rest(stage) : stage));
}

/** Time in each stage, summed over the images. */
function stageBars(load) {
  const runs = available(load).filter((run) => run.figures.stages.length > 0);
  const total = (run) => apart(run.figures.stages).reduce((sum, stage) => sum + stage.worked, 0);
  const most = Math.max(...runs.map(total), 1e-9);
  const inOrder = (stages) => [...stages].sort((a, b) => ORDER.indexOf(a.stage) - ORDER.indexOf(b.stage));
  const group = grouping(load);
  const rows = runs.map((run, i) => {
    const again = i > 0 && runs[i - 1][group] === run[group];
    const parts = inOrder(apart(run.figures.stages))
      .filter((stage) => stage.worked > 0)
      .map((stage) =>
        explains(
          el(
            "i",
            { class: `part ${stage.stage}`, "data-stage": stage.stage, style: `width:${share(stage.worked / most)}` },
            stage.worked / most > 0.13 ? el("span", {}, stage.stage) : null,
          ),
          [
            `${stage.stage}, ${runName(run)}`,
            `${seconds(stage.worked)} in all, ${seconds(stage.worked / Math.max(1, load.images))} per image`,
            `images waited ${seconds(stage.waited / Math.max(1, load.images))} each before it`,
          ],
        ),
      );
    return barRow(
      runNames(run, again ? group : null),
      el("div", { class: "track" }, parts),
      el("b", {}, seconds(total(run))),
      { class: `bar-row${again ? "" : " first"}`, "data-run": runName(run) },
    );
  });
  const said = runs
    .map(
      (run) =>
        `${runName(run)}: ${inOrder(run.figures.stages)
          .map((s) => `${s.stage} ${seconds(s.worked)}`)
          .join(", ")}`,
    )
    .join("; ");
  const stages = ORDER.filter((stage) => runs.some((run) => run.figures.stages.some((s) => s.stage === stage)));
  const cells = runs.map((run) => [
    runName(run),
    ...stages.flatMap((name) => {
      const stage = run.figures.stages.find((s) => s.stage === name);
      return stage ? [seconds(stage.worked), seconds(stage.waited / Math.max(1, load.images))] : ["–", "–"];
    }),
  ]);
  const columns = ["schedule, backend", ...stages.flatMap((name) => [name, `waited before, per image`])];
  return [
    el("div", { class: "bars stages", role: "img", "aria-label": `Time per stage, ${load.name}: ${said}` }, rows),
    tableBeneath(`Time per stage, ${load.name}`, columns, cells),
  ];
}

/** What one worker takes for one thing alone, and how near the best run comes to the least possible. */
function limitBars(load) {
  const limit = load.limit;
  const parts = [
    ["read", limit.read, "reading"],
    ["decode", limit.decode, "decoding"],
    ["compute", limit.compute, "computing"],
    ["encode", limit.encode, "encoding"],
  ];
  const reached = limit.floor * limit.best_over_floor;
  const most = Math.max(...parts.map(([, value]) => value), reached, 1e-9);
  const line = (value, kind) => el("i", { class: `mark ${kind}`, style: `left:${share(value / most)}` });
  const rows = parts.map(([stage, value, doing]) =>
    barRow(
      el("span", { class: "schedule" }, `only ${doing}`),
      el(
        "div",
        { class: "track" },
        el("i", { class: `part ${stage}`, style: `width:${share(value / most)}` }),
        line(limit.floor, "floor"),
      ),
      el("b", {}, seconds(value)),
    ),
  );
  const winner = best(load);
  rows.push(
    barRow(
      el("span", { class: "schedule" }, "the floor"),
      el("div", { class: "track" }, line(limit.floor, "floor end")),
      [el("b", {}, seconds(limit.floor)), el("span", { class: "speedup" }, limit.bound_by)],
    ),
  );
  rows.push(
    barRow(
      el("span", { class: "schedule" }, "the best run"),
      el(
        "div",
        { class: "track" },
        el("i", { class: "bar winner", style: `width:${share(reached / most)}` }),
        line(limit.floor, "floor"),
      ),
      [
        el("b", {}, seconds(reached)),
        el("span", { class: "speedup" }, `${digits(limit.best_over_floor, 2)}× the floor`),
      ],
      { class: "bar-row first" },
    ),
  );
  const said = `${parts.map(([, value, doing]) => `only ${doing} ${seconds(value)}`).join(", ")}; the floor ${seconds(limit.floor)}, bound by ${limit.bound_by}; the best run ${seconds(reached)}`;
  return [
    el("div", { class: "bars limit", role: "img", "aria-label": `The limit, ${load.name}: ${said}` }, rows),
    el(
      "p",
      { class: "note" },
      `Each alone on one worker, over all files. No run can be shorter than the floor (the line): perfect overlap on this machine's cores, bound by ${limit.bound_by}. The best one`,
      winner ? ` (${runName(winner)})` : "",
      ` took ${digits(limit.best_over_floor, 2)} times that.`,
    ),
  ];
}
