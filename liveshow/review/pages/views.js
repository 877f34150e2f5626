/* The four views of a page: what was recorded, how I am credited, may it be used, words to the crew. */

import { Card } from "./card.js";
import { Choice, Field, Standing } from "./controls.js";
import { attribute, el, keyed, name, say, show } from "./dom.js";
import { timeOfDay } from "./times.js";
import { language, t } from "./words.js";

/** What was recorded of me, in order. */
export class Recorded {
  constructor(app) {
    this.app = app;
    this.cards = new Map();
    this.title = heading();
    this.open = el("p", { class: "lead", role: "status" });
    this.list = el("div", { class: "list" });
    this.node = el("section", { id: "view-recorded" }, this.title, this.open, this.list);
  }

  update(state) {
    say(this.title, t("recorded.title"));
    const mine = state.segments.filter((one) => one.mine);
    const unanswered = mine.filter((one) => !one.consent.answered && one.consent.answer === "hold").length;
    say(this.open, this.lead(state, mine.length, unanswered));
    const known = new Map(state.segments.map((one) => [one.id, one]));
    for (const [id, card] of this.cards) if (!known.has(id)) card.player.close();
    keyed(this.list, this.cards, [...known.keys()], (id) => new Card(this.app, known.get(id)));
    for (const [id, card] of this.cards) card.update(known.get(id));
  }

  /** Somebody looks at something else. */
  pause() {
    for (const card of this.cards.values()) card.player.pause();
  }

  lead(state, count, unanswered) {
    if (!state.segments.length) return t(state.show.ended ? "recorded.none-ended" : "recorded.none");
    const parts = [t("recorded.count", { n: count })];
    if (unanswered) parts.push(t("recorded.open", { n: unanswered }));
    if (state.show.ended) parts.push(t("recorded.ended"));
    return parts.join(" ");
  }
}

const CREDITS = [
  ["name", "input", { maxlength: 200, autocomplete: "name", spellcheck: "false", required: true }],
  ["role", "input", { maxlength: 200, autocomplete: "off" }],
  ["pronunciation", "input", { maxlength: 2000, autocomplete: "off", spellcheck: "false" }],
  ["note", "textarea", { maxlength: 2000, rows: 3 }],
];

/** How I am credited. */
export class Credit {
  constructor(app) {
    this.app = app;
    this.title = heading();
    this.lead = el("p", { class: "lead" });
    this.asCredited = el("p", { class: "as-credited" });
    this.fields = CREDITS.map(
      ([key, tag, props]) => new Field(tag, props, app.drafts, `credit:${key}`, () => this.update(app.state)),
    );
    this.save = el("button", { type: "submit", class: "main" });
    this.standing = new Standing();
    const form = el(
      "form",
      { novalidate: true, onsubmit: (event) => this.saved(event) },
      ...this.fields.map((field) => field.node),
      this.save,
      this.standing.node,
    );
    this.node = el("section", { id: "view-credit" }, this.title, this.lead, this.asCredited, form);
  }

  changed(me) {
    const typed = CREDITS.map(([key], i) => [key, this.fields[i].typed]);
    return typed.filter(([key, text]) => text !== null && text !== me[key]);
  }

  saved(event) {
    event.preventDefault();
    const { me } = this.app.state;
    if (this.fields[0].typed === "") return this.fields[0].input.focus();
    const changed = this.changed(me);
    if (!changed.length) return undefined;
    this.fields.forEach((field) => field.clear());
    return this.app.press({ kind: "credit", ...Object.fromEntries(changed) });
  }

  /** What was refused is put back where it was typed. */
  restore(body) {
    CREDITS.forEach(([key], i) => {
      if (key in body && this.fields[i].typed === null) this.fields[i].drafts.put(`credit:${key}`, body[key]);
    });
  }

  update({ me }) {
    say(this.title, t("credit.title"));
    say(this.lead, t("credit.lead"));
    CREDITS.forEach(([key], i) => this.fields[i].update(t(`credit.${key}`), t(`credit.${key}-hint`), me[key]));
    const [called, role] = [
      this.fields[0].typed || me.name,
      this.fields[1].typed === null ? me.role : this.fields[1].typed,
    ];
    this.asCredited.replaceChildren(name(called, "strong"), ...(role ? [", ", name(role)] : []));
    const nameless = this.fields[0].typed === "";
    attribute(this.fields[0].input, "aria-invalid", nameless ? "true" : null);
    if (nameless) say(this.fields[0].hint, t("credit.name-missing"));
    say(this.save, t("credit.save"));
    attribute(this.save, "aria-disabled", this.changed(me).length ? null : "true"); // the focus stays
    this.standing.update(this.app.standing("credit"));
  }
}

const ANSWERS = ["yes", "hold", "no"];

/** The answer that is shown as given; none while a hold only means that nobody has answered. */
function shown({ answer, answered }) {
  return answered || answer !== "hold" ? answer : "";
}

/** May it be used: the terms, for all, and for each. */
export class Consent {
  constructor(app) {
    this.app = app;
    this.title = heading();
    this.lead = el("p", { class: "lead" });
    this.termsTitle = el("h2", { id: "terms-title" });
    this.termsText = el("div", { class: "terms", role: "region", tabindex: 0, "aria-labelledby": "terms-title" });
    this.all = new Choice(ANSWERS, "consent.", (answer) => this.press(answer, []));
    this.meanings = el("dl", { class: "meanings" });
    this.eachTitle = el("h2");
    this.list = el("div", { class: "list" });
    this.rows = new Map();
    this.node = el(
      "section",
      { id: "view-consent" },
      this.title,
      this.lead,
      this.termsTitle,
      this.termsText,
      this.all.node,
      this.meanings,
      this.eachTitle,
      this.list,
    );
  }

  press(answer, segments) {
    this.app.press({ kind: "consent", answer, terms: this.terms.digest, segments });
  }

  row(id) {
    const title = el("h3", { id: `consent-${id}`, tabindex: -1, dir: "auto" });
    const when = el("p", { class: "when" });
    const choice = new Choice(ANSWERS, "consent.", (answer) => this.press(answer, [id]), true);
    return { title, when, choice, node: el("div", { class: "card" }, title, when, choice.node) };
  }

  /** The terms in the reader's language, or else in English, or else in any. */
  chosen(terms) {
    const of = (tag) => terms.find((one) => one.language.toLowerCase().split("-")[0] === tag);
    return of(language()) || of("en") || terms[0] || null;
  }

  update(state) {
    this.terms = this.chosen(state.terms);
    this.present = new Set(state.terms.map((one) => one.digest));
    const usable = Boolean(this.terms);
    say(this.title, t("consent.title"));
    say(this.lead, t("consent.lead"));
    say(this.termsTitle, t("consent.terms"));
    say(this.termsText, usable ? this.terms.text : t("consent.no-terms"));
    attribute(this.termsText, "lang", usable ? this.terms.language : null);
    const all = state.consent;
    this.all.update(t("consent.all"), shown(all), this.app.standing("consent:"), usable, this.settled(all));
    this.explain();
    const mine = state.segments.filter((one) => one.mine);
    say(this.eachTitle, t("consent.each"));
    show(this.eachTitle, mine.length > 0);
    keyed(
      this.list,
      this.rows,
      mine.map((one) => one.id),
      (id) => this.row(id),
    );
    for (const segment of mine) this.updateRow(segment, usable);
  }

  updateRow(segment, usable) {
    const { title, when, choice } = this.rows.get(segment.id);
    const { consent } = segment;
    say(title, segment.title);
    const names = segment.waiting.map((one) => one.name).join(", ");
    const became = t(segment.became === "waiting" && !names ? "became.waiting-others" : `became.${segment.became}`, {
      names,
    });
    say(when, `${timeOfDay(this.app.wall(segment.in_ms))} · ${became}`);
    const standing = this.app.standing(`consent:${segment.id}`);
    choice.update(
      t("consent.question", { title: segment.title }),
      shown(consent),
      standing,
      usable,
      this.settled(consent),
    );
  }

  /** Whether it was said here, and on terms that hold: otherwise the same answer may be given again. */
  settled({ answered, by_me, terms }) {
    return answered && by_me && (!terms || this.present.has(terms));
  }

  explain() {
    if (this.explained === language()) return;
    this.explained = language();
    this.meanings.replaceChildren(
      ...ANSWERS.flatMap((answer) => [
        el("dt", { text: t(`consent.${answer}`) }),
        el("dd", { text: t(`meaning.${answer}`) }),
      ]),
    );
  }
}

/** Words to the crew, and what was said so far. */
export class Crew {
  constructor(app) {
    this.app = app;
    this.title = heading();
    this.lead = el("p", { class: "lead" });
    this.about = el("select", { id: "about" });
    this.aboutLabel = el("label", { for: "about" });
    this.text = new Field("textarea", { rows: 3, maxlength: 2000 }, app.drafts, "note:", () => {});
    this.send = el("button", { type: "submit", class: "main" });
    this.standing = new Standing();
    this.saidTitle = el("h2");
    this.list = el("ol", { class: "said" });
    this.items = new Map();
    const field = el("div", { class: "field" }, this.aboutLabel, this.about);
    const form = el(
      "form",
      { onsubmit: (event) => this.sent(event) },
      field,
      this.text.node,
      this.send,
      this.standing.node,
    );
    this.node = el("section", { id: "view-crew" }, this.title, this.lead, form, this.saidTitle, this.list);
  }

  sent(event) {
    event.preventDefault();
    const text = this.text.typed;
    if (!text) return this.text.input.focus();
    this.text.clear();
    return this.app.press({ kind: "note", text, segment: this.about.value });
  }

  update(state) {
    say(this.title, t("crew.title"));
    say(this.lead, t("crew.lead"));
    say(this.aboutLabel, t("crew.about"));
    this.offer(state.segments.filter((one) => one.mine));
    this.text.update(t("crew.text"), "", "");
    say(this.send, t("note.send"));
    this.standing.update(this.app.standing("note:"));
    say(this.saidTitle, t(state.said.length ? "crew.said" : "crew.nothing"));
    const said = new Map(state.said.map((one) => [one.n ? `n${one.n}` : `at${one.at}`, one]).reverse());
    keyed(this.list, this.items, [...said.keys()], () => this.item());
    for (const [key, one] of said) this.updateItem(this.items.get(key), one, state);
  }

  item() {
    const parts = {
      when: el("p", { class: "when" }),
      what: el("p", { class: "what", dir: "auto" }),
      answer: el("p", { class: "from-crew" }),
      undone: el("p", { class: "hint" }),
    };
    return { ...parts, node: el("li", {}, parts.when, parts.what, parts.answer, parts.undone) };
  }

  updateItem({ when, what, answer, undone }, one, state) {
    const segment = state.segments.find((other) => other.id === one.segment);
    const at = timeOfDay(Date.parse(one.at));
    say(when, [at, ...(segment ? [segment.title] : []), ...(one.n ? [] : [t("standing.waiting-short")])].join(" · "));
    const person = state.performers.find((other) => other.id === one.performer);
    const text = one.kind === "consent" ? t(`consent.${one.text}`) : one.text;
    say(what, one.kind === "note" ? text : t(`said.${one.kind}`, { name: person ? person.name : one.performer, text }));
    say(answer, one.answer ? t("crew.answer", { text: one.answer }) : "");
    show(answer, Boolean(one.answer));
    say(undone, one.undone ? t("crew.undone") : "");
    show(undone, one.undone);
  }

  offer(segments) {
    const wanted = JSON.stringify(segments.map((one) => [one.id, one.title])) + language();
    if (wanted === this.offered) return;
    this.offered = wanted;
    const chosen = this.about.value;
    const options = segments.map((one) => el("option", { value: one.id, text: one.title, dir: "auto" }));
    this.about.replaceChildren(el("option", { value: "", text: t("crew.about-all") }), ...options);
    this.about.value = segments.some((one) => one.id === chosen) ? chosen : "";
  }
}

function heading() {
  return el("h1", { tabindex: -1 });
}
