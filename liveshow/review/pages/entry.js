/* How a phone gets to a page, and what stands there when there is none. */

import { el } from "./dom.js";
import { keep, kept } from "./memory.js";
import { enter } from "./wire.js";
import { t } from "./words.js";

const LAST_PAGE = "liveshow:page";
const LONGEST_WAIT = 20000;
let standing = null;

/** Instead of a page: why there is none, and what to do. `unsent`: how many presses stay on this phone. */
export function message(kind, unsent = 0) {
  standing = { kind, unsent };
  const body = [el("h1", { tabindex: -1, text: t(`message.${kind}`) }), el("p", { text: t(`message.${kind}-todo`) })];
  if (unsent) body.push(el("p", { text: t("message.unsent", { n: unsent }) }));
  const last = kind === "no-link" ? kept(LAST_PAGE) : null;
  if (last && last.startsWith("/p/")) body.push(el("a", { class: "button main", href: last, text: t("message.last") }));
  const place = document.getElementById("message");
  place.replaceChildren(...body);
  place.hidden = false;
}

/** In another language, where there is one. */
export function messageAgain() {
  if (standing) message(standing.kind, standing.unsent);
}

/** There is a page. */
export function noMessage() {
  standing = null;
  document.getElementById("message").hidden = true;
}

/** Where the page is, which is remembered: out of a link's token, or of the address itself. Null: there is none, and it was said why. */
export async function findPage() {
  const { pathname, hash } = location;
  if (pathname.startsWith("/p/")) return pathname.replace(/[^/]*$/, "");
  if (hash.length > 1) return entered(hash.slice(1));
  addEventListener("hashchange", () => location.reload());
  message("no-link");
  return null;
}

async function entered(token) {
  for (let tries = 0; ; tries++) {
    try {
      const page = await enter(token);
      history.replaceState(null, "", page);
      return page;
    } catch (error) {
      message(error.final ? "gone" : "away");
      if (error.final) return null;
      await backOff(tries, error);
    }
  }
}

/** A page that could be opened is offered to who comes without a link. */
export function remember(page) {
  keep(LAST_PAGE, page);
}

/** Milliseconds until the next try: longer after each, and not all phones at once. */
export function patience(tries, error) {
  const wait = Math.max(error.after || 0, Math.min(LONGEST_WAIT, 1000 * 2 ** tries));
  return wait * (0.75 + Math.random() / 2);
}

/** Wait for that long. */
export function backOff(tries, error) {
  return new Promise((done) => setTimeout(done, patience(tries, error)));
}
