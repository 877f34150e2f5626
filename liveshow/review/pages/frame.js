/* What is around the views: whose page it is, the language, the bar at the bottom, and the line that says how things stand. */

import { standingText } from "./controls.js";
import { attribute, el, icon, reshape, say } from "./dom.js";
import { day, timeOfDay } from "./times.js";
import { language, languages, t, use } from "./words.js";

const SIGNS = { recorded: "film", credit: "credit", consent: "yes", crew: "crew" };
const byId = (id) => document.getElementById(id);

/** `spoken()` is called in another language, `undo()` when what was pressed last is to be taken back. */
export class Frame {
  constructor(spoken, undo) {
    this.spoken = spoken;
    this.links = Object.keys(SIGNS).map((key) => {
      const signs = [icon(SIGNS[key]), el("span"), el("span", { class: "unseen" })];
      return el("a", { href: `#${key}`, "data-view": key }, ...signs);
    });
    byId("nav").replaceChildren(...this.links);
    this.sign = icon("wait");
    byId("status").insertBefore(this.sign, byId("status-text"));
    byId("undo").addEventListener("click", undo);
    this.choose();
    this.label();
  }

  choose() {
    const list = byId("language");
    list.replaceChildren(
      ...Object.entries(languages).map(([tag, text]) => el("option", { value: tag, text, lang: tag })),
    );
    list.value = language();
    list.hidden = false;
    list.addEventListener("change", () => this.speak(list));
  }

  async speak(list) {
    try {
      await use(list.value, true);
    } catch (error) {
      list.value = language(); // its words did not come
      return;
    }
    this.label();
    this.spoken();
  }

  label() {
    attribute(byId("language"), "aria-label", t("language.label"));
    say(byId("skip"), t("nav.skip"));
  }

  /** Whether there is a page. */
  show(shown) {
    byId("foot").hidden = !shown;
  }

  /** `view`: the one that is shown; `news`: the crew has answered since somebody looked. */
  draw({ show: evening, me }, view, news) {
    say(byId("show"), [evening.title, evening.venue, day(evening.date)].filter(Boolean).join(" · "));
    say(byId("who"), me.name);
    attribute(byId("nav"), "aria-label", t("nav.label"));
    for (const link of this.links) {
      const key = link.dataset.view;
      const fresh = news && key === "crew" && view !== "crew";
      say(link.children[1], t(`nav.${key}`));
      say(link.children[2], fresh ? ` (${t("nav.news")})` : "");
      link.classList.toggle("news", fresh);
      attribute(link, "aria-current", key === view ? "page" : null);
    }
    document.title = [t(`nav.${view}`), me.name, evening.title].join(" – ");
  }

  /** One line says how things stand. `reached`: the server answers; `at`: when it did last; `pressed`: something was. */
  status(outbox, reached, at, pressed, undoable) {
    const [sign, text] = status(outbox, reached, at, pressed);
    reshape(this.sign, sign);
    say(byId("status-text"), text);
    byId("status").dataset.sign = sign;
    say(byId("undo"), t("status.undo"));
    byId("undo").classList.toggle("gone", !undoable);
    byId("undo").disabled = !undoable;
  }
}

/** Its sign and words, the worst first. */
function status(outbox, reached, at, pressed) {
  const n = outbox.unsent.length;
  if (outbox.refusal) return ["no", standingText(outbox.refusal)];
  if (n && (!reached || outbox.tries)) {
    const words = t(reached ? "status.waiting-stage" : "status.waiting", { n });
    return ["wait", outbox.kept ? words : `${words} ${t("status.keep-open")}`];
  }
  if (n) return ["wait", t("status.sending", { n })];
  if (!reached) return ["no", t("status.away", { at: timeOfDay(at) })];
  return ["yes", t(pressed ? "status.saved" : "status.fine")];
}
