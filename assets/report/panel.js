// The timelines of a load side by side: one view for all of them, zoomed and filtered together.

class Panel {
  constructor(load, drawings) {
    this.from = 0;
    this.to = 1;
    /** Numbers of the images that are looked for, by list of names; null for all. */
    this.found = null;
    this.longest = Math.max(...drawings.map(({ run }) => run.timeline.wall_seconds));
    this.same = drawings.length > 1;
    this.lanes = drawings.map(({ run, drawing, names }) => new Lanes(run, drawing, names, this));
    this.names = drawings[0].names;
    this.status = el("output", { class: "note", "aria-live": "polite" });
    this.lanes.forEach((lanes) => this.listen(lanes));
    const list = `names-${Panel.count++}`;
    this.search = el("input", {
      type: "search",
      placeholder: "part of a name",
      list,
      "aria-label": `Show one image of ${load.name}`,
      oninput: (event) => this.filter(event.target.value),
    });
    const button = (text, label, act) =>
      el("button", { type: "button", title: label, "aria-label": label, onclick: act }, text);
    this.tools = el(
      "div",
      { class: "tools" },
      el("label", {}, "Image ", this.search),
      el(
        "datalist",
        { id: list },
        this.names.slice(0, 300).map((name) => el("option", { value: name })),
      ),
      el(
        "span",
        { class: "buttons", role: "group", "aria-label": "Zoom" },
        button("−", "Zoom out", () => this.zoom(2)),
        button("+", "Zoom in", () => this.zoom(0.5)),
        button("◂", "Earlier", () => this.pan(-0.5)),
        button("▸", "Later", () => this.pan(0.5)),
        button("All", "Show the whole run", () => this.show(0, 1)),
      ),
      drawings.length > 1
        ? el(
            "label",
            { class: "check" },
            el("input", {
              type: "checkbox",
              checked: this.same,
              onchange: (event) => this.rescale(event.target.checked),
            }),
            " same time scale",
          )
        : null,
      this.status,
    );
    const thinned = this.lanes.filter((lanes) => lanes.thinned);
    const note = thinned.length
      ? el(
          "p",
          { class: "note thinned" },
          `Drawn with ${digits(Math.max(...thinned.map((lanes) => lanes.spans.count)), 0)} bars or fewer for ${plural(Math.max(...thinned.map((lanes) => lanes.timeline.recorded)), "span")} of a run: short ones of a stage are put together. The figures are of all.`,
        )
      : null;
    this.element = el(
      "div",
      { class: "panel" },
      this.tools,
      note,
      this.lanes.map((lanes) => this.figure(lanes)),
      lanesTable(`What each lane did, ${load.name}`, this.lanes),
    );
  }

  /** A timeline with its name, its figures, its table. */
  figure(lanes) {
    const { run, timeline } = lanes;
    const f = run.figures;
    const shares =
      f &&
      el(
        "span",
        { class: "shares" },
        el(
          "span",
          { class: "split", "aria-hidden": "true" },
          el("i", { class: "working", style: `width:${share(f.working)}` }),
        ),
        `working ${percent(f.working)}, waiting ${percent(f.waiting)}`,
      );
    return el(
      "figure",
      { class: "timeline" },
      el(
        "figcaption",
        {},
        el("b", {}, run.schedule),
        ` ${run.backend} `,
        el("span", { class: "wall" }, seconds(timeline.wall_seconds)),
        f?.speedup == null ? null : el("span", { class: "speedup" }, times(f.speedup)),
        shares,
      ),
      lanes.element,
      lanes.journey,
    );
  }

  draw() {
    this.lanes.forEach((lanes) => lanes.draw());
  }

  show(from, to) {
    const width = Math.min(1, Math.max(to - from, 1e-5));
    this.from = Math.max(0, Math.min(from, 1 - width));
    this.to = this.from + width;
    this.draw();
  }

  /** `factor` times as much time in sight, about a place in sight, 0 to 1. */
  zoom(factor, about = 0.5) {
    const width = this.to - this.from;
    const fixed = this.from + about * width;
    this.show(fixed - about * width * factor, fixed + (1 - about) * width * factor);
  }

  pan(part) {
    const width = this.to - this.from;
    this.show(this.from + part * width, this.to + part * width);
  }

  rescale(same) {
    this.same = same;
    this.show(0, 1);
  }

  filter(text) {
    const wanted = text.trim().toLowerCase();
    const among = (names) => new Set(names.flatMap((name, i) => (name.toLowerCase().includes(wanted) ? [i] : [])));
    this.found = wanted ? new Map(this.lanes.map(({ names }) => [names, null])) : null;
    this.found?.forEach((_, names) => this.found.set(names, among(names)));
    const found = this.found?.get(this.names);
    this.status.textContent = found ? `${digits(found.size, 0)} of ${plural(this.names.length, "image")}` : "";
    for (const lanes of this.lanes) {
      const own = this.found?.get(lanes.names);
      if (own?.size === 1) lanes.tellJourney([...own][0]);
      else lanes.journey.replaceChildren();
    }
    this.draw();
  }

  /** Shows what became of an image in every timeline; again, and all are shown. */
  follow(name) {
    this.search.value = this.search.value === name ? "" : name;
    this.filter(this.search.value);
  }

  listen(lanes) {
    const { canvas } = lanes;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const part = (x) => Math.max(0, Math.min(1, (x - lanes.gutter) / lanes.width));
    const pointers = new Map();
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { begun: place(event), now: place(event), view: [this.from, this.to] });
    });
    canvas.addEventListener("pointermove", (event) => {
      const pointer = pointers.get(event.pointerId);
      if (!pointer) return this.hover(lanes, event, place(event));
      const [before] = pointer.now;
      pointer.now = place(event);
      if (event.pointerType === "mouse") {
        lanes.brush = [pointer.begun[0], pointer.now[0]];
        lanes.drawOverlay();
      } else if (pointers.size === 2) {
        const other = [...pointers.values()].find((p) => p !== pointer);
        const apart = (x) => Math.max(20, Math.abs(x - other.now[0]));
        this.zoom(apart(before) / apart(pointer.now[0]), part((pointer.now[0] + other.now[0]) / 2));
      } else {
        this.pan((before - pointer.now[0]) / lanes.width);
      }
    });
    const lift = (event) => {
      const pointer = pointers.get(event.pointerId);
      pointers.delete(event.pointerId);
      lanes.brush = null;
      if (!pointer || event.type === "pointercancel") return lanes.drawOverlay();
      const [x, y] = pointer.now;
      if (Math.abs(x - pointer.begun[0]) < 4) {
        const found = lanes.at(x, y);
        if (found >= 0) this.follow(lanes.names[lanes.spans.image[found]]);
        this.hover(lanes, event, pointer.now);
      } else if (event.pointerType === "mouse") {
        const width = this.to - this.from;
        const ends = [part(pointer.begun[0]), part(x)].sort((a, b) => a - b);
        this.show(this.from + ends[0] * width, this.from + ends[1] * width);
      }
      lanes.drawOverlay();
    };
    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);
    canvas.addEventListener("pointerleave", () => {
      lanes.select(-1);
      hideTip();
    });
    canvas.addEventListener("dblclick", () => this.show(0, 1));
    canvas.addEventListener(
      "wheel",
      (event) => {
        if (event.ctrlKey || event.metaKey) {
          event.preventDefault();
          this.zoom(Math.exp(event.deltaY / 300), part(place(event)[0]));
        } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          event.preventDefault();
          this.pan(event.deltaX / lanes.width);
        }
      },
      { passive: false },
    );
    canvas.addEventListener("keydown", (event) => this.key(lanes, event));
    canvas.addEventListener("blur", () => {
      lanes.select(-1);
      hideTip();
    });
  }

  hover(lanes, event, [x, y]) {
    const found = lanes.at(x, y);
    if (found !== lanes.selected) lanes.select(found);
    if (found >= 0) showTip(event.clientX, event.clientY, lanes.told(found));
    else hideTip();
  }

  key(lanes, event) {
    const { key, shiftKey: shift } = event;
    if (key === "+" || key === "=") this.zoom(0.5);
    else if (key === "-") this.zoom(2);
    else if (key === "0") this.show(0, 1);
    else if (shift && key === "ArrowLeft") this.pan(-0.25);
    else if (shift && key === "ArrowRight") this.pan(0.25);
    else if (key === "ArrowRight") this.step(lanes, 1, 0);
    else if (key === "ArrowLeft") this.step(lanes, -1, 0);
    else if (key === "ArrowDown") this.step(lanes, 0, 1);
    else if (key === "ArrowUp") this.step(lanes, 0, -1);
    else if (key === "Enter" && lanes.selected >= 0) this.follow(lanes.names[lanes.spans.image[lanes.selected]]);
    else return;
    event.preventDefault();
  }

  /** Selects the span next in time on its lane, or the one nearest in time on the next lane. */
  step(lanes, along, down) {
    const { spans, timeline } = lanes;
    const begun = lanes.selected < 0 ? lanes.range()[0] : spans.start[lanes.selected];
    const count = timeline.lanes.length;
    let lane = lanes.selected < 0 ? 0 : spans.lane[lanes.selected];
    const ofLane = (wanted) => Array.from({ length: spans.count }, (_, i) => i).filter((i) => spans.lane[i] === wanted);
    let found = -1;
    if (along && lanes.selected >= 0) {
      const own = ofLane(lane);
      found = own[own.indexOf(lanes.selected) + along] ?? lanes.selected;
    } else {
      for (let tried = 0; tried < count && found < 0; tried++) {
        lane = lanes.selected < 0 ? tried : (lane + (down || 1) + count) % count;
        const own = ofLane(lane);
        if (own.length)
          found = own.reduce((a, b) => (Math.abs(spans.start[b] - begun) < Math.abs(spans.start[a] - begun) ? b : a));
      }
    }
    if (found < 0) return;
    this.bringIntoSight(lanes, found);
    lanes.select(found);
    const box = lanes.canvas.getBoundingClientRect();
    const [top, height] = lanes.place(found, lanes.places);
    showTip(box.left + lanes.x(spans.start[found]), box.top + top + height, lanes.told(found));
    this.status.textContent = lanes
      .told(found)
      .map((line) => line.textContent)
      .join(", ");
  }

  bringIntoSight(lanes, i) {
    const [from, to] = lanes.range();
    const start = lanes.spans.start[i];
    if (start >= from && start <= to) return;
    const width = this.to - this.from;
    const at = this.from + ((start - from) / (to - from)) * width;
    this.show(at - width / 4, at + (3 * width) / 4);
  }
}

Panel.count = 0;

/** What the colours of the timelines and stages mean; only of stages that occur. */
function legend(document) {
  const runs = document.loads.flatMap((load) => load.runs);
  const used = new Set(runs.flatMap((run) => (run.figures?.stages ?? []).map((stage) => stage.stage)));
  if (used.has("kernels")) used.add("queued");
  const name = (stage) => (stage === "queued" ? "in the device's queue" : stage);
  const item = (stage) => el("li", {}, el("i", { class: `swatch ${stage}` }), name(stage));
  const group = (title, stages) => {
    const items = stages.filter((stage) => used.has(stage));
    return items.length ? [el("li", { class: "title" }, title), items.map(item)] : null;
  };
  const pale = ORDER.filter((stage) => STAGES[stage].pale);
  return el(
    "ul",
    { class: "legend", "aria-label": "What the colours mean" },
    group("waiting", pale),
    group(
      "working",
      ORDER.filter((stage) => !STAGES[stage].pale),
    ),
    el("li", { class: "title" }, el("i", { class: "swatch idle" }), "idle"),
  );
}
