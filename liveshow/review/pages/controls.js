/* Controls that several views have. */

import { attribute, el, icon, reshape, say, show } from "./dom.js";
import { t } from "./words.js";

export const SIGNS = {
  yes: "yes",
  hold: "hold",
  no: "no",
  me: "yes",
  "not-me": "no",
  sending: "wait",
  waiting: "wait",
  saved: "yes",
  refused: "no",
};

/** A question with buttons to answer it, one of which is (or none) the answer that holds; `press(key)` is called for another one. */
export class Choice {
  constructor(keys, prefix, press, unseen = false) {
    this.prefix = prefix;
    this.buttons = keys.map((key) => {
      const words = el("span");
      const button = el("button", { type: "button", "data-key": key, class: `choice ${key}` }, icon(SIGNS[key]), words);
      button.addEventListener(
        "click",
        () => (button.getAttribute("aria-pressed") !== "true" || !this.settled) && press(key),
      );
      return button;
    });
    this.question = el("p", { class: unseen ? "unseen" : "question", id: fresh() });
    this.row = el(
      "div",
      { class: `row ${keys.length === 3 ? "three" : "two"}`, role: "group", "aria-labelledby": this.question.id },
      ...this.buttons,
    );
    this.standing = new Standing();
    this.node = el("div", { class: "ask" }, this.question, this.row, this.standing.node);
  }

  /** `settled`: the answer that holds need not be given again. */
  update(question, answer, standing, usable = true, settled = true) {
    this.settled = settled;
    say(this.question, question);
    for (const button of this.buttons) {
      say(button.lastChild, t(this.prefix + button.dataset.key));
      attribute(button, "aria-pressed", String(button.dataset.key === answer));
      button.disabled = !usable;
    }
    this.standing.update(standing);
  }
}

/** What became of the last press on a control. Its line is always there, so that nothing moves. */
export class Standing {
  constructor() {
    this.icon = icon("wait");
    this.text = el("span");
    this.node = el("p", { class: "standing", id: fresh() }, this.icon, this.text);
  }

  update(standing) {
    this.node.dataset.word = standing ? standing.word : "";
    if (standing) reshape(this.icon, SIGNS[standing.word]);
    say(this.text, standing ? standingText(standing) : "");
  }
}

/** "saved", or why not, in words. */
export function standingText(standing) {
  if (standing.word !== "refused") return t(`standing.${standing.word}`);
  const why = standing.why === "refused" ? standing.what : t(`why.${standing.why}`);
  return t("standing.refused", { why });
}

/** A field with its label, a hint, and what became of it. What is typed is kept on this phone until it is sent. */
export class Field {
  constructor(tag, props, drafts, key, typed) {
    this.drafts = drafts;
    this.key = key;
    this.label = el("label", {});
    this.hint = el("span", { class: "hint", id: fresh() });
    this.input = el(tag, { id: fresh(), dir: "auto", "aria-describedby": this.hint.id, ...props });
    this.label.htmlFor = this.input.id;
    this.input.addEventListener("input", () => {
      drafts.put(key, this.input.value);
      typed();
    });
    this.node = el("div", { class: "field" }, this.label, this.hint, this.input);
  }

  /** `value`: what holds where nothing was typed. */
  update(label, hint, value) {
    say(this.label, label);
    say(this.hint, hint);
    show(this.hint, Boolean(hint));
    const drafted = this.drafts.get(this.key);
    const shown = drafted === null ? value : drafted;
    if (this.input.value !== shown) this.input.value = shown;
  }

  /** What was typed, on one line and without blanks at its ends; null when nothing was. */
  get typed() {
    const text = this.drafts.get(this.key);
    return text === null ? null : oneLine(text);
  }

  /** What was typed is not kept any more. */
  clear() {
    this.drafts.put(this.key, null);
  }
}

/** Without line ends and other characters that control something (the stage takes text on one line). */
function oneLine(text) {
  return text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
}

let last = 0;

/** An id that no other element has. */
export function fresh() {
  last += 1;
  return `e${last}`;
}
