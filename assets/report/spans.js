// Spans as they come with the page, the page's colours, and what lanes did in figures.

/** The spans of a drawing, unpacked, with the row of each within its lane. */
function unpacked(drawing, timeline) {
  const count = drawing.image.length;
  const start = new Float64Array(count);
  const end = new Float64Array(count);
  const row = new Uint16Array(count);
  const rows = timeline.lanes.map(() => 1);
  const ends = timeline.lanes.map(() => []);
  for (let i = 0, at = 0; i < count; i++) {
    at += drawing.after[i];
    start[i] = at / 1e6;
    end[i] = (at + drawing.length[i]) / 1e6;
    const lane = ends[drawing.lane[i]];
    // What was put together may run a little into what follows it.
    const slack = drawing.merged[i] ? (end[i] - start[i]) / 2 : 0;
    let free = lane.findIndex((until) => until <= start[i] + slack);
    if (free < 0) free = lane.length;
    lane[free] = end[i];
    row[i] = free;
    rows[drawing.lane[i]] = Math.max(rows[drawing.lane[i]], free + 1);
  }
  const stage = drawing.stage.map((index) => drawing.stages[index]);
  return { count, start, end, row, rows, stage, image: drawing.image, lane: drawing.lane, merged: drawing.merged };
}

/** Colours of the page as it looks, by name. */
function palette() {
  const style = getComputedStyle(document.documentElement);
  const known = new Map();
  return (name) => {
    if (!known.has(name)) known.set(name, style.getPropertyValue(`--${name}`).trim());
    return known.get(name);
  };
}

/** What each lane of each timeline did, from its spans: the same for whoever can't see the drawings. */
function lanesTable(title, all) {
  const stages = ORDER.filter((stage) => all.some(({ spans }) => spans.stage.includes(stage)));
  const rows = all.flatMap(({ spans, timeline, run }) => {
    const sums = timeline.lanes.map(() => ({ count: 0, busy: 0, until: 0, stage: {} }));
    for (let i = 0; i < spans.count; i++) {
      const sum = sums[spans.lane[i]];
      sum.count += 1 + spans.merged[i];
      sum.stage[spans.stage[i]] = (sum.stage[spans.stage[i]] ?? 0) + spans.end[i] - spans.start[i];
      if (STAGES[spans.stage[i]]?.pale) continue;
      sum.busy += Math.max(0, spans.end[i] - Math.max(spans.start[i], sum.until));
      sum.until = Math.max(sum.until, spans.end[i]);
    }
    return timeline.lanes.map((lane, i) => [
      `${runName(run)}: ${shown(lane.name)}`,
      digits(sums[i].count, 0),
      ...stages.map((stage) => (sums[i].stage[stage] ? seconds(sums[i].stage[stage]) : "–")),
      lane.kind === "files" ? "–" : percent(Math.min(1, sums[i].busy / timeline.wall_seconds)),
    ]);
  });
  return tableBeneath(title, ["lane", "spans", ...stages, "at work"], rows);
}
