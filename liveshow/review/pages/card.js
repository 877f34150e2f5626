/* One segment: what it is, how it sounds and looks, whether it is me, and what is not right about it. */

import { Choice, Field, Standing } from "./controls.js";
import { el, icon, reshape, say, show } from "./dom.js";
import { Edges } from "./edges.js";
import { Player } from "./player.js";
import { length, timeOfDay } from "./times.js";
import { listed, t } from "./words.js";

const SIGN = {
  "handed-off": "yes",
  making: "wait",
  waiting: "wait",
  held: "hold",
  refused: "no",
  withdrawn: "no",
  running: "film",
  failed: "no",
  "false-take": "no",
};

export class Card {
  constructor(app, segment) {
    this.app = app;
    this.id = segment.id;
    this.title = el("h2", { id: `title-${this.id}`, tabindex: -1, dir: "auto" });
    this.when = el("p", { class: "when" });
    this.with = el("p", { class: "with" });
    this.became = el("p", { class: "became" }, icon("wait"), el("span"));
    this.player = new Player(() => this.moved());
    this.isMe = new Choice(["me", "not-me"], "is-me.", (kind) => app.press({ kind, segment: this.id }));
    this.consent = el("a", { class: "button", href: "#consent", onclick: (event) => app.toConsent(event, this.id) });
    this.answer = el("p", { class: "answer" }, icon("hold"), el("span"));
    this.edges = new Edges(
      segment,
      (body) => app.press(body),
      () => this.player.position(),
      () => this.update(this.segment),
    );
    this.rest = el(
      "div",
      {},
      el("div", { class: "consent-line" }, this.answer, this.consent),
      this.became,
      this.corrections(),
    );
    this.node = el(
      "article",
      { class: "card", "aria-labelledby": this.title.id },
      this.title,
      this.when,
      this.with,
      this.player.node,
      this.isMe.node,
      this.rest,
    );
  }

  corrections() {
    this.summary = el("summary");
    this.headings = ["missing", "edges", "note"].map(() => el("h3"));
    const [missing, edges, note] = this.headings;
    this.details = el(
      "details",
      {},
      this.summary,
      missing,
      this.whoIsMissing(),
      edges,
      this.edges.node,
      note,
      this.noteForm(),
    );
    return this.details;
  }

  whoIsMissing() {
    this.who = el("select", { id: `who-${this.id}` });
    this.whoLabel = el("label", { for: this.who.id });
    this.add = el("button", { type: "submit" });
    this.missing = new Standing();
    const pick = el(
      "form",
      { onsubmit: (event) => this.addPerson(event) },
      this.whoLabel,
      el("div", { class: "row with-button" }, this.who, this.add),
    );
    this.other = new Field(
      "input",
      { type: "text", maxlength: 200, autocomplete: "off" },
      this.app.drafts,
      `other:${this.id}`,
      () => {},
    );
    this.tell = el("button", { type: "submit" });
    const write = el("form", { onsubmit: (event) => this.tellOther(event) }, this.other.node, this.tell);
    this.pick = pick;
    return el("div", {}, pick, this.missing.node, write);
  }

  noteForm() {
    this.note = new Field("textarea", { rows: 2, maxlength: 2000 }, this.app.drafts, `note:${this.id}`, () => {});
    this.send = el("button", { type: "submit", class: "main" });
    this.noted = new Standing();
    return el("form", { onsubmit: (event) => this.sendNote(event) }, this.note.node, this.send, this.noted.node);
  }

  addPerson(event) {
    event.preventDefault();
    if (this.who.value) this.app.press({ kind: "missing", segment: this.id, performer: this.who.value });
  }

  tellOther(event) {
    event.preventDefault();
    if (!this.other.typed) return this.other.input.focus();
    const text = t("missing.text", { name: this.other.typed }).replace(/[\u2068\u2069]/g, "");
    this.other.clear();
    return this.app.press({ kind: "note", segment: this.id, text });
  }

  sendNote(event) {
    event.preventDefault();
    if (!this.note.typed) return this.note.input.focus();
    const text = this.note.typed;
    this.note.clear();
    return this.app.press({ kind: "note", segment: this.id, text });
  }

  /** The player moves, at every picture: the editor need only know when there is a place to say "here" of. */
  moved() {
    const plays = this.player !== undefined && this.player.position() !== null;
    if (plays === this.plays || !this.segment) return;
    this.plays = plays;
    this.edges.update(this.segment, this.app.wall, this.app.standing(`edges:${this.id}`));
  }

  update(segment) {
    this.segment = segment;
    const { app } = this;
    const standing = (kind) => app.standing(`${kind}:${this.id}`);
    say(this.title, segment.title);
    say(this.when, this.whenText(segment));
    const others = segment.with.map((one) => one.name);
    say(this.with, others.length ? t("segment.with", { names: listed(others) }) : t("segment.alone"));
    this.player.update(segment, this.edges.of(segment), app.base);
    show(this.player.node, segment.mine);
    this.becameWords(segment);
    this.isMe.update(t("is-me.question"), segment.mine ? "me" : "not-me", standing("me"));
    show(this.rest, segment.mine);
    const { answer } = segment.consent;
    reshape(this.answer.firstChild, answer);
    this.answer.dataset.answer = answer;
    say(this.answer.lastChild, t(answer === "hold" && !segment.consent.answered ? "answer.none" : `answer.${answer}`));
    say(this.consent, t("segment.to-consent"));
    this.updateCorrections(segment, standing);
  }

  whenText(segment) {
    const begun = timeOfDay(this.app.wall(segment.in_ms));
    const parts = [
      segment.out_ms === null
        ? t("segment.since", { at: begun })
        : `${begun}–${timeOfDay(this.app.wall(segment.out_ms))}`,
    ];
    if (segment.out_ms !== null) parts.push(length(segment.out_ms - segment.in_ms));
    if (segment.item && segment.item !== segment.title) parts.push(segment.item);
    if (segment.take > 1) parts.push(t("segment.take", { take: segment.take }));
    return parts.join(" · ");
  }

  becameWords(segment) {
    const { became } = segment;
    const names = listed(segment.waiting.map((one) => one.name));
    show(this.became, became !== "held"); // which the answer says
    reshape(this.became.firstChild, SIGN[became]);
    this.became.dataset.became = became;
    say(
      this.became.lastChild,
      t(became === "waiting" && !segment.waiting.length ? "became.waiting-others" : `became.${became}`, { names }),
    );
  }

  updateCorrections(segment, standing) {
    say(this.summary, t("segment.correct"));
    ["missing.title", "edges.title", "note.title"].forEach((key, i) => say(this.headings[i], t(key)));
    this.offer(segment);
    say(this.whoLabel, t("missing.who"));
    say(this.add, t("missing.add"));
    this.missing.update(standing("missing"));
    this.other.update(t("missing.other"), t("missing.other-hint"), "");
    say(this.tell, t("missing.tell"));
    this.edges.update(segment, this.app.wall, standing("edges"));
    this.note.update(t("note.label"), "", "");
    say(this.send, t("note.send"));
    this.noted.update(standing("note"));
  }

  /** Everybody who is not in it. */
  offer(segment) {
    const inIt = [this.app.state.me.id, ...segment.with.map((one) => one.id)];
    const others = this.app.state.performers.filter((one) => !inIt.includes(one.id));
    show(this.pick, others.length > 0);
    const wanted = JSON.stringify(others) + t("missing.choose");
    if (wanted === this.offered) return;
    this.offered = wanted;
    const chosen = this.who.value;
    const options = others.map((one) => el("option", { value: one.id, text: one.name, dir: "auto" }));
    this.who.replaceChildren(el("option", { value: "", text: t("missing.choose") }), ...options);
    this.who.value = others.some((one) => one.id === chosen) ? chosen : "";
  }
}
