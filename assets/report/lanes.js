// A run's timeline on a canvas: workers down, time across; waiting pale, work in the colour of its stage.

const AXIS_HEIGHT = 22;
const LANE_GAP = 4;
/** Tallest drawing of a lane where spans overlap, CSS px. */
const CROWD_HEIGHT = { files: 44, device: 36 };
/** CSS px of a column that shows shares of time. */
const COLUMN = 4;
/** Spans for each CSS px of a lane from which on shares are drawn in place of spans. */
const MOST_BARS_PER_PIXEL = 0.4;
/** From the bottom up: work, then what moves bytes. */
const STACK = ["decode", "compute", "kernels", "queued", "encode", "other", "upload", "readback", "write", "read"];

class Lanes {
  /** `panel` holds the view that the timelines of a load share. */
  constructor(run, drawing, names, panel) {
    this.run = run;
    this.timeline = run.timeline;
    this.names = names;
    this.panel = panel;
    this.spans = unpacked(drawing, run.timeline);
    this.thinned = this.spans.count < run.timeline.recorded;
    this.hasKernels = drawing.stages.includes("kernels");
    this.selected = -1;
    this.canvas = el("canvas", {
      class: "lanes",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "timeline",
      "data-run": runName(run),
    });
    this.overlay = el("canvas", { class: "overlay", "aria-hidden": "true" });
    this.journey = el("p", { class: "journey", "aria-live": "polite" });
    this.element = el("div", { class: "drawing" }, this.canvas, this.overlay);
    this.canvas.setAttribute("aria-label", this.described());
    redraws.push(() => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  described() {
    const { lanes, wall_seconds: wall } = this.timeline;
    const figures = this.run.figures;
    const shares = figures
      ? ` Waiting ${percent(figures.waiting)}, working ${percent(figures.working)} of the time.`
      : "";
    return `Timeline of ${runName(this.run)}: ${seconds(wall)}, ${plural(lanes.length, "lane")}.${shares} Arrow keys step through what ran, plus and minus zoom, Enter follows the image.`;
  }

  /** Seconds at the two ends of the drawing. */
  range() {
    const extent = this.panel.same ? this.panel.longest : this.timeline.wall_seconds;
    return [this.panel.from * extent, this.panel.to * extent];
  }

  /** Timelines of one scale share the axis of the last. */
  hasAxis() {
    return !this.panel.same || this.panel.lanes.at(-1) === this || this.panel.to - this.panel.from < 1;
  }

  /** Places of the lanes from top to bottom, CSS px. */
  layout() {
    const workers = this.timeline.lanes.filter((lane) => lane.kind === "worker").length;
    const worker = workers <= 8 ? 20 : workers <= 16 ? 13 : workers <= 40 ? 8 : 5;
    let top = 2;
    const places = this.timeline.lanes.map((lane, i) => {
      const rows = this.spans.rows[i];
      const crowd = CROWD_HEIGHT[lane.kind];
      const height = crowd ? Math.max(14, Math.min(crowd, rows * 6)) : worker;
      const place = { top, height, rows, crowd: Boolean(crowd) };
      top += height + (worker < 8 && lane.kind === "worker" ? 2 : LANE_GAP);
      return place;
    });
    return { places, bottom: top, height: top + (this.hasAxis() ? AXIS_HEIGHT : 4) };
  }

  /** Top and height of a span's bar, CSS px. Work taken up inside other work lies in it. */
  place(i, places) {
    const { top, height, rows, crowd } = places[this.spans.lane[i]];
    if (crowd) return [top + (height * this.spans.row[i]) / rows, height / rows];
    const inset = Math.min(this.spans.row[i], 2) * height * 0.25;
    return [top + inset, height - inset];
  }

  draw() {
    const width = this.element.clientWidth;
    if (width === 0) return;
    const { places, bottom, height } = this.layout();
    const ratio = devicePixelRatio || 1;
    // Made anew, not cleared: clearing is printed as a white sheet over all.
    for (const canvas of [this.canvas, this.overlay]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.height = `${height}px`;
    }
    this.gutter = width < 420 ? 44 : 76;
    this.width = width - this.gutter - 8;
    this.places = places;
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const colour = palette();
    this.drawGround(context, colour, bottom);
    const found = this.panel.found?.get(this.names);
    context.save();
    context.beginPath();
    context.rect(this.gutter, 0, Math.max(0, this.wallAt() - this.gutter), height);
    context.clip();
    context.globalAlpha = found ? 0.16 : 1;
    const crowded = this.crowdedLanes();
    this.drawShares(context, colour, crowded);
    this.drawBars(context, colour, (i) => !crowded[this.spans.lane[i]], 0.75);
    context.globalAlpha = 1;
    if (found) this.drawBars(context, colour, (i) => found.has(this.spans.image[i]), 2);
    context.restore();
    this.drawEnd(context, colour, bottom);
    this.drawOverlay();
  }

  /** Lanes' names, what they lie on, the axis. */
  drawGround(context, colour, bottom) {
    const [from, to] = this.range();
    const wallAt = this.wallAt();
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    this.timeline.lanes.forEach((lane, i) => {
      const { top, height } = this.places[i];
      context.fillStyle = colour("lane");
      if (wallAt > this.gutter) context.fillRect(this.gutter, top, wallAt - this.gutter, height);
      if (height < 8 && i % 4 !== 0) return;
      context.fillStyle = colour("muted");
      context.textAlign = "left";
      context.fillText(this.laneName(lane), 0, top + Math.min(height / 2, 10), this.gutter - 6);
    });
    const { step, values } = ticks(from, to, this.width / 90);
    context.textBaseline = "top";
    for (const value of values) {
      const x = Math.round(this.x(value)) + 0.5;
      context.fillStyle = colour("grid");
      context.fillRect(x - 0.5, 0, 1, bottom + 2);
      if (!this.hasAxis()) continue;
      const text = moment(value, step);
      const half = context.measureText(text).width / 2;
      context.fillStyle = colour("muted");
      context.textAlign = "center";
      context.fillText(
        text,
        Math.max(this.gutter + half, Math.min(x, this.gutter + this.width + 8 - half)),
        bottom + 6,
      );
    }
  }

  /** Where the run ended, and when, where there is room to say so. */
  drawEnd(context, colour, bottom) {
    const [from, to] = this.range();
    if (this.timeline.wall_seconds > to || this.timeline.wall_seconds < from) return;
    const x = this.wallAt();
    context.fillStyle = colour("ink");
    context.fillRect(Math.round(x) - 0.5, 0, 1.5, bottom + 2);
    const text = seconds(this.timeline.wall_seconds);
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.font = "600 12px system-ui, sans-serif";
    if (x + 8 + context.measureText(text).width < this.gutter + this.width) context.fillText(text, x + 7, bottom / 2);
  }

  laneName(lane) {
    if (this.gutter > 50) return shown(lane.name).replace(/^device: /, "");
    return shown(lane.name)
      .replace(/^worker /, "w ")
      .replace(/^device: /, "");
  }

  x(time) {
    const [from, to] = this.range();
    return this.gutter + ((time - from) / (to - from)) * this.width;
  }

  /** Where the run ends, or the drawing does before it. */
  wallAt() {
    return Math.min(this.x(this.timeline.wall_seconds), this.gutter + this.width);
  }

  colourOf(i, colour) {
    return colour(this.colourName(i)) || colour("muted");
  }

  /** An image's time on a device is the device's own work, but where that stands in a lane of its own: then it is mostly queueing. */
  colourName(i) {
    const onDevice = this.timeline.lanes[this.spans.lane[i]].kind === "device";
    return onDevice && this.spans.stage[i] === "compute" && this.hasKernels ? "queued" : this.spans.stage[i];
  }

  /** The spans of the chosen images, each at least `least` CSS px long. */
  drawBars(context, colour, chosen, least) {
    for (let i = 0; i < this.spans.count; i++) {
      const left = this.x(this.spans.start[i]);
      const right = Math.max(this.x(this.spans.end[i]), left + least);
      if (right < this.gutter || left > this.gutter + this.width || !chosen(i)) continue;
      const [top, height] = this.place(i, this.places);
      context.fillStyle = this.colourOf(i, colour);
      // A hair of the ground keeps neighbours apart where there is room for it.
      const gap = right - left > 4 ? 0.6 : 0;
      const slit = height > 3 && this.places[this.spans.lane[i]].crowd ? 0.75 : 0;
      context.fillRect(left, top, right - left - gap, height - slit);
    }
  }

  /** Lanes whose spans are too short to be told apart at this zoom; those of a kind are drawn alike. */
  crowdedLanes() {
    const seen = this.places.map(() => 0);
    for (let i = 0; i < this.spans.count; i++) {
      if (this.x(this.spans.end[i]) >= this.gutter && this.x(this.spans.start[i]) <= this.gutter + this.width)
        seen[this.spans.lane[i]]++;
    }
    const width = Math.max(1, this.wallAt() - Math.max(this.gutter, this.x(0)));
    const crowded = new Set();
    this.timeline.lanes.forEach(({ kind }, lane) => {
      const { crowd, rows } = this.places[lane];
      if (seen[lane] / width / (crowd ? rows : 1) > MOST_BARS_PER_PIXEL) crowded.add(kind);
    });
    return this.timeline.lanes.map(({ kind }) => crowded.has(kind));
  }

  /** Of crowded lanes the share of time that each stage takes, in columns of some pixels: work below, waiting on it. */
  drawShares(context, colour, crowded) {
    const columns = this.places.map(() => new Map());
    for (let i = 0; i < this.spans.count; i++) {
      const lane = this.spans.lane[i];
      if (!crowded[lane]) continue;
      const left = (Math.max(this.x(this.spans.start[i]), this.gutter) - this.gutter) / COLUMN;
      const right = (Math.min(this.x(this.spans.end[i]), this.gutter + this.width) - this.gutter) / COLUMN;
      const name = this.colourName(i);
      for (let column = Math.floor(left); column < right; column++) {
        const parts = columns[lane].get(column) ?? {};
        parts[name] = (parts[name] ?? 0) + Math.min(right, column + 1) - Math.max(left, column);
        columns[lane].set(column, parts);
      }
    }
    columns.forEach((ofLane, lane) => {
      const { top, height, rows, crowd } = this.places[lane];
      for (const [column, parts] of ofLane) {
        const sum = Object.values(parts).reduce((a, b) => a + b, 0);
        const unit = height / (crowd ? Math.max(rows, sum) : Math.max(1, sum));
        let y = top + height;
        for (const name of STACK.filter((name) => parts[name])) {
          y -= parts[name] * unit;
          context.fillStyle = colour(name) || colour("muted");
          // A little into the next column, or the seams between them show on paper.
          context.fillRect(this.gutter + column * COLUMN, y, COLUMN + 0.3, parts[name] * unit);
        }
      }
    });
  }

  /** The selected span, the other spans of its image, and the way between them. */
  drawOverlay() {
    const context = this.overlay.getContext("2d");
    const ratio = devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.overlay.width, this.overlay.height);
    if (this.brush) {
      context.fillStyle = palette()("brush");
      context.fillRect(Math.min(...this.brush), 0, Math.abs(this.brush[1] - this.brush[0]), this.layout().bottom);
    }
    if (this.selected < 0) return;
    context.beginPath();
    context.rect(this.gutter - 2, 0, this.width + 4, this.overlay.height);
    context.clip();
    context.strokeStyle = palette()("ink");
    let before = null;
    for (const i of this.ofImage(this.spans.image[this.selected])) {
      const [top, height] = this.place(i, this.places);
      const [left, right] = [this.x(this.spans.start[i]), this.x(this.spans.end[i])];
      context.lineWidth = i === this.selected ? 2 : 1;
      context.strokeRect(left, top, Math.max(right - left, 1.5), height);
      if (before) {
        context.lineWidth = 1;
        context.setLineDash([3, 2]);
        context.beginPath();
        context.moveTo(...before);
        context.lineTo(left, top + height / 2);
        context.stroke();
        context.setLineDash([]);
      }
      before = [right, top + height / 2];
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** The spans of an image in order. */
  ofImage(image) {
    const found = [];
    for (let i = 0; i < this.spans.count; i++) if (this.spans.image[i] === image) found.push(i);
    return found;
  }

  /** The span at a place of the canvas, or near it; -1 for none. */
  at(x, y) {
    let [found, nearest] = [-1, 4];
    for (let i = 0; i < this.spans.count; i++) {
      const [top, height] = this.place(i, this.places);
      if (y < top - 1 || y > top + height + 1) continue;
      const [left, right] = [this.x(this.spans.start[i]), this.x(this.spans.end[i])];
      const away = x < left ? left - x : x > right ? x - right : 0;
      // Of those at the place the last is on top.
      if (away < nearest || (away === 0 && nearest === 0)) [found, nearest] = [i, away];
    }
    return found;
  }

  /** What a span is, in lines. */
  told(i) {
    const { image, stage, start, end, lane, merged } = this.spans;
    const own = this.ofImage(image[i]);
    const earlier = own.filter((j) => end[j] <= start[i] + 1e-9);
    const ready = earlier.length ? Math.max(...earlier.map((j) => end[j])) : null;
    const several = merged[i] ? ` and ${digits(merged[i], 0)} more, drawn as one` : "";
    const doing = STAGES[stage[i]]?.doing ?? stage[i];
    const lines = [
      [named(this.names[image[i]] || "an image"), several],
      [el("i", { class: `swatch ${stage[i]}` }), `${stage[i]}: ${seconds(end[i] - start[i])}`],
      `${shown(this.timeline.lanes[lane[i]].name)} ${doing}`,
      `from ${seconds(start[i])} to ${seconds(end[i])}`,
    ];
    if (ready !== null && !this.thinned && start[i] - ready > 5e-6)
      lines.push(`the image waited ${seconds(start[i] - ready)} before it`);
    return lines.map((line, n) => el(n === 0 ? "strong" : "div", {}, line));
  }

  select(i) {
    this.selected = i;
    this.drawOverlay();
  }

  /** The journey of an image in words, as far as its spans are drawn by themselves. */
  tellJourney(image) {
    const { stage, start, end, lane, merged } = this.spans;
    const words = [];
    let ready = null;
    for (const i of this.ofImage(image).filter((i) => !merged[i])) {
      if (ready !== null && !this.thinned && start[i] - ready > 5e-6) words.push(`waited ${seconds(start[i] - ready)}`);
      words.push(`${stage[i]} ${seconds(end[i] - start[i])} (${shown(this.timeline.lanes[lane[i]].name)})`);
      ready = Math.max(ready ?? 0, end[i]);
    }
    const rest = this.thinned ? "; the rest is drawn together with others" : "";
    this.journey.replaceChildren(
      named(this.names[image]),
      `: ${words.join(" → ") || "not drawn by itself here"}${rest}`,
    );
  }
}
