/* In and out of a segment, moved by ear: a draft until it is saved. */

import { Standing } from "./controls.js";
import { attribute, el, say, show } from "./dom.js";
import { timeOfDay } from "./times.js";
import { language, t } from "./words.js";

const STEPS = [-1000, -100, 100, 1000];
const SHORTEST = 1000; // ms, as the stage has it

/** `press(body)` saves; `here()` is where the player stands, in ms of the show clock, or null; `moved()` is called for every step. */
export class Edges {
  constructor(segment, press, here, moved) {
    Object.assign(this, { id: segment.id, press, here, moved, draft: {} });
    this.ends = { in_ms: this.end("in_ms"), out_ms: this.end("out_ms") };
    this.hint = el("p", { class: "hint" });
    this.changed = el("p", { class: "changed" });
    this.save = el("button", { type: "button", class: "main", onclick: () => this.saved() });
    this.leave = el("button", { type: "button", onclick: () => this.left() });
    this.standing = new Standing();
    const buttons = el("div", { class: "row two" }, this.save, this.leave);
    this.editor = el("div", {}, this.ends.in_ms.node, this.ends.out_ms.node, this.changed, buttons);
    this.node = el("div", { class: "edges" }, this.hint, this.editor, this.standing.node);
  }

  end(which) {
    const title = el("h4");
    const time = el("p", { class: "time" });
    const steps = STEPS.map((ms) => el("button", { type: "button", onclick: () => this.nudge(which, ms) }));
    const here = el("button", { type: "button", class: "here", onclick: () => this.put(which, this.here()) });
    const row = el("div", { class: "row five" }, steps[0], steps[1], here, steps[2], steps[3]);
    return {
      title,
      time,
      steps,
      here,
      node: el("div", { class: "end" }, el("div", { class: "line" }, title, time), row),
    };
  }

  /** In and out as they are shown: where they were moved to, or else where they are. */
  of(segment) {
    return { in_ms: segment.in_ms, out_ms: segment.out_ms, ...this.draft };
  }

  nudge(which, ms) {
    this.put(which, this.of(this.segment)[which] + ms);
  }

  /** As near as it may be. */
  put(which, ms) {
    const { may_in, may_out } = this.segment;
    const now = this.of(this.segment);
    const [low, high] =
      which === "in_ms"
        ? [may_in[0], Math.min(may_in[1], now.out_ms - SHORTEST)]
        : [Math.max(may_out[0], now.in_ms + SHORTEST), may_out[1]];
    const to = Math.round(Math.max(low, Math.min(ms, high)));
    this.draft = { ...this.draft, [which]: to };
    if (to === this.segment[which]) delete this.draft[which];
    this.moved();
  }

  saved() {
    const body = { kind: "edges", segment: this.id, ...this.draft };
    if (!Object.keys(this.draft).length) return;
    this.draft = {};
    this.press(body);
  }

  left() {
    this.draft = {};
    this.moved();
  }

  /** `wall(ms)` is a time of the show clock as one on the wall. */
  update(segment, wall, standing) {
    this.segment = segment;
    const usable = Boolean(segment.may_in && segment.may_out);
    if (!usable) this.draft = {};
    show(this.editor, usable);
    say(this.hint, t(usable ? "edges.hint" : "edges.later"));
    if (usable) this.draw(this.of(segment), wall);
    this.standing.update(standing);
  }

  draw(now, wall) {
    for (const [which, end] of Object.entries(this.ends)) {
      const name = t(which === "in_ms" ? "edge.in" : "edge.out");
      say(end.title, name);
      say(end.time, timeOfDay(wall(now[which]), true));
      STEPS.forEach((ms, i) => {
        const seconds = new Intl.NumberFormat(language(), { signDisplay: "always" })
          .format(ms / 1000)
          .replace("-", "−");
        say(end.steps[i], seconds);
        end.steps[i].setAttribute("aria-label", t("edges.step", { edge: name, seconds }));
      });
      say(end.here, t("edges.here"));
      end.here.setAttribute("aria-label", t("edges.here-long", { edge: name }));
      end.here.disabled = this.here() === null;
    }
    const moved = Object.keys(this.draft).length > 0;
    say(this.changed, moved ? this.difference() : t("edges.same"));
    say(this.save, t("edges.save"));
    say(this.leave, t("edges.leave"));
    for (const button of [this.save, this.leave]) attribute(button, "aria-disabled", moved ? null : "true"); // the focus stays
  }

  difference() {
    return Object.keys(this.draft)
      .sort()
      .map((which) => {
        const by = this.draft[which] - this.segment[which];
        const edge = t(which === "in_ms" ? "edge.in" : "edge.out");
        const s = new Intl.NumberFormat(language(), { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(
          Math.abs(by) / 1000,
        );
        return t(by < 0 ? "edges.earlier" : "edges.later-by", { edge, s });
      })
      .join(" · ");
  }
}
