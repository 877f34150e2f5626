/* The performers' page: gets in, follows what changes, and says what was pressed. */

import { standingText } from "./controls.js";
import { attribute, el, icon, reshape, say, show } from "./dom.js";
import { Drafts } from "./drafts.js";
import { Outbox } from "./outbox.js";
import { control, opposite, overlaid } from "./presses.js";
import { clockOf, day, timeOfDay } from "./times.js";
import { Consent, Credit, Crew, Recorded } from "./views.js";
import { Wire, enter } from "./wire.js";
import { language, languages, preferred, t, use } from "./words.js";

const VIEWS = { recorded: Recorded, credit: Credit, consent: Consent, crew: Crew };
const NAV_SIGNS = { recorded: "film", credit: "credit", consent: "yes", crew: "crew" };
const LAST_PAGE = "liveshow:page";
const AT_MOST_EVERY = 400;
const UNCHANGED_WAIT = 3000;
const LONGEST_WAIT = 20000;
const byId = (id) => document.getElementById(id);

class Page {
  constructor(base) {
    this.base = base;
    this.wire = new Wire(base);
    this.server = null; // what the server said last
    this.state = null; // that, and what was pressed here
    this.views = {};
    this.reached = true;
    this.undo = [];
    this.news = "";
    this.wall = (ms) => ms + this.server.now - this.server.now_ms;
    this.wakers = new Set();
    addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => this.wake());
    addEventListener("offline", () => this.lostSight());
    addEventListener("hashchange", () => this.toView());
    byId("undo").addEventListener("click", () => this.takeBack());
  }

  /** Follow the show until the link leads nowhere. */
  async follow() {
    let fails = 0;
    while (!this.gone) {
      if (document.hidden) await this.pause();
      const asked = performance.now();
      try {
        const state = await this.wire.state(this.reached, this.leaving());
        fails = 0;
        this.arrived(state, asked);
        await this.pause(state ? AT_MOST_EVERY : Math.max(0, UNCHANGED_WAIT - (performance.now() - asked)));
      } catch (error) {
        if (error.final) return this.ended();
        if (document.hidden || this.left) continue;
        this.lostSight();
        await this.pause(Math.max(error.after || 0, Math.min(LONGEST_WAIT, 1000 * 2 ** fails++)) * (0.75 + Math.random() / 2));
      }
    }
    return undefined;
  }

  /** What ends a request early: nobody looks, so the server need not hold an answer; or there is another connection. */
  leaving() {
    const leave = new AbortController();
    this.left = false;
    this.leave = () => {
      this.left = true;
      leave.abort();
    };
    return leave.signal;
  }

  wake() {
    if (this.leave && (document.hidden || !this.reached)) this.leave();
    if (document.hidden) return;
    for (const waker of this.wakers) waker();
    if (this.outbox) this.outbox.drain();
  }

  /** Until somebody looks or there is a connection again, or (given) so many ms are over. */
  pause(ms) {
    return new Promise((done) => {
      const waker = () => {
        this.wakers.delete(waker);
        clearTimeout(timer);
        done();
      };
      const timer = ms === undefined ? 0 : setTimeout(waker, ms);
      this.wakers.add(waker);
    });
  }

  lostSight() {
    this.reached = false;
    if (this.server) this.drawStatus();
    else if (!this.gone) message("away");
  }

  arrived(state, asked) {
    this.reached = true;
    if (state) this.server = state;
    this.at = Date.now();
    if (!this.outbox) this.open();
    const newest = Math.max(0, ...this.server.said.map((one) => one.n));
    this.outbox.seen(newest, asked);
    this.draw();
    if (this.outbox.unsent.length && !this.outbox.sending && state) this.outbox.drain();
  }

  /** The first state is here: whose page it is. */
  open() {
    const { show: evening, me } = this.server;
    const whose = `${evening.date}:${evening.title}:${me.id}`;
    this.drafts = new Drafts(whose);
    this.outbox = new Outbox(whose, (presses) => this.wire.say(presses), () => this.pressesChanged());
    remember(LAST_PAGE, this.base);
    this.build();
    this.outbox.drain();
  }

  /** (Again) in the language that is in use. */
  build() {
    clockOf(this.server.show.timezone, language());
    const main = byId("main");
    for (const view of Object.values(this.views)) view.node.remove();
    byId("message").hidden = true;
    for (const [key, View] of Object.entries(VIEWS)) {
      this.views[key] = new View(this);
      main.append(this.views[key].node);
    }
    byId("foot").hidden = false;
    this.draw();
    this.toView(false);
  }

  /** What a control shows of the last press on it. */
  standing(about) {
    return this.outbox.standing(about);
  }

  /** A finger came down. */
  press(body, undoing = false) {
    this.undo = undoing ? [] : opposite(this.state, body);
    this.pressed = control(body);
    this.outbox.add(this.pressed, body);
  }

  takeBack() {
    const presses = this.undo;
    for (const body of presses) this.press(body, true);
    byId("status-text").focus();
  }

  pressesChanged() {
    if (this.outbox.shut) return this.ended();
    const { refusal } = this.outbox;
    if (refusal) {
      this.undo = [];
      if (refusal.body.kind === "credit") this.views.credit.restore(refusal.body);
      if (refusal.body.kind === "note") this.restoreNote(refusal.body);
    }
    return this.draw();
  }

  restoreNote({ segment, text }) {
    const key = `note:${segment || ""}`;
    if (this.drafts.get(key) === null) this.drafts.put(key, text);
  }

  draw() {
    if (!this.views.crew) return;
    this.state = overlaid(this.server, this.outbox.presses);
    for (const view of Object.values(this.views)) view.update(this.state);
    this.drawFrame();
    this.drawStatus();
  }

  drawFrame() {
    const { show: evening, me } = this.state;
    say(byId("show"), [evening.title, evening.venue, day(evening.date)].filter(Boolean).join(" · "));
    say(byId("who"), me.name);
    for (const link of byId("nav").querySelectorAll("a")) say(link.children[1], t(`nav.${link.dataset.view}`));
    attribute(byId("nav"), "aria-label", t("nav.label"));
    const answers = this.state.said.filter((one) => one.answer).length;
    const heard = Number(this.drafts.get("answers-heard"));
    const crew = byId("nav").querySelector('[data-view="crew"]');
    const news = answers > heard && this.view !== "crew";
    crew.classList.toggle("news", news);
    say(crew.lastChild, news ? ` (${t("nav.news")})` : "");
    if (this.view === "crew" && answers !== heard) this.drafts.put("answers-heard", String(answers));
    this.drawTitle();
  }

  drawTitle() {
    document.title = [t(`nav.${this.view || "recorded"}`), this.state.me.name, this.state.show.title].join(" – ");
  }

  /** One line says how things stand, the worst first. */
  drawStatus() {
    const [sign, text] = this.status();
    reshape(byId("status").querySelector("svg"), sign);
    say(byId("status-text"), text);
    byId("status").dataset.sign = sign;
    const undo = byId("undo");
    say(undo, t("status.undo"));
    undo.classList.toggle("gone", !this.undo.length);
    undo.disabled = !this.undo.length;
  }

  status() {
    const { outbox } = this;
    const waiting = outbox.unsent.length;
    if (outbox.refusal) return ["no", standingText(outbox.refusal)];
    if (waiting && (!this.reached || outbox.tries)) {
      const why = this.reached ? "status.waiting-stage" : "status.waiting";
      return ["wait", [t(why, { n: waiting }), ...(outbox.kept ? [] : [t("status.keep-open")])].join(" ")];
    }
    if (waiting) return ["wait", t("status.sending", { n: waiting })];
    if (!this.reached) return ["no", t("status.away", { at: timeOfDay(this.at) })];
    return ["yes", t(this.pressed ? "status.saved" : "status.fine")];
  }

  /** Show the view that the address names. */
  toView(focus = true) {
    const wanted = location.hash.slice(1);
    this.view = wanted in VIEWS ? wanted : "recorded";
    for (const [key, view] of Object.entries(this.views)) {
      show(view.node, key === this.view);
      if (key !== this.view && key === "recorded") for (const card of view.cards.values()) card.player.pause();
    }
    for (const link of byId("nav").querySelectorAll("a")) attribute(link, "aria-current", link.dataset.view === this.view ? "page" : null);
    if (!this.state) return;
    this.drawFrame();
    const target = this.target ? byId(this.target) : null;
    this.target = null;
    if (!focus) return;
    scrollTo(0, 0);
    (target || this.views[this.view].title).focus();
    if (target) target.scrollIntoView({ block: "center" });
  }

  /** From a segment to where it is answered. */
  toConsent(event, segment) {
    this.target = `consent-${segment}`;
    if (location.hash !== "#consent") return;
    event.preventDefault();
    this.toView();
  }

  /** The link leads nowhere any more. What was not sent stays on this phone for the next link. */
  ended() {
    this.gone = true;
    for (const view of Object.values(this.views)) view.node.hidden = true;
    byId("foot").hidden = true;
    message("gone", this.outbox ? this.outbox.unsent.length : 0);
    byId("message").querySelector("h1").focus();
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch (error) {
    return; // storage is forbidden here: the link must be opened again
  }
}

function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch (error) {
    return null;
  }
}

/** Instead of a page: why there is none, and what to do. */
function message(kind, unsent = 0) {
  current = () => message(kind, unsent);
  const body = [el("h1", { tabindex: -1, text: t(`message.${kind}`) }), el("p", { text: t(`message.${kind}-todo`) })];
  if (unsent) body.push(el("p", { text: t("message.unsent", { n: unsent }) }));
  const last = recall(LAST_PAGE);
  if (kind === "no-link" && last && last.startsWith("/p/")) body.push(el("a", { class: "button main", href: last, text: t("message.last") }));
  byId("message").replaceChildren(...body);
  byId("message").hidden = false;
}

let current = () => undefined; // draws anew what is shown, in another language

function frame() {
  byId("nav").replaceChildren(...Object.keys(VIEWS).map((key) => el("a", { href: `#${key}`, "data-view": key }, icon(NAV_SIGNS[key]), el("span"), el("span", { class: "unseen" }))));
  byId("status").insertBefore(icon("wait"), byId("status-text"));
  const choose = byId("language");
  choose.replaceChildren(...Object.entries(languages).map(([tag, called]) => el("option", { value: tag, text: called, lang: tag })));
  choose.value = language();
  choose.hidden = false;
  choose.addEventListener("change", () => speak(choose.value));
  labels();
}

function labels() {
  attribute(byId("language"), "aria-label", t("language.label"));
  say(byId("skip"), t("nav.skip"));
}

async function speak(tag) {
  try {
    await use(tag, true);
  } catch (error) {
    byId("language").value = language();
    return;
  }
  labels();
  current();
}

/** Ends in the address of the page: out of a link's token, or of the address itself. Null: there is none, and it was said why. */
async function findPage() {
  if (location.pathname.startsWith("/p/")) return location.pathname.replace(/[^/]*$/, "");
  const token = location.hash.slice(1);
  if (!token) {
    addEventListener("hashchange", () => location.reload());
    return message("no-link");
  }
  for (let tries = 0; ; tries++) {
    try {
      const page = await enter(token);
      history.replaceState(null, "", page);
      return page;
    } catch (error) {
      if (error.final) return message("gone");
      message("away");
      await backOff(tries, error);
    }
  }
}

/** Longer after each try, and not all phones at once. */
function backOff(tries, error) {
  const wait = Math.max(error.after || 0, Math.min(LONGEST_WAIT, 1000 * 2 ** tries));
  return new Promise((done) => setTimeout(done, wait * (0.75 + Math.random() / 2)));
}

async function words() {
  for (let tries = 0; ; tries++) {
    try {
      return await use(preferred());
    } catch (error) {
      await backOff(tries, error); // without words there is nothing to say it in
    }
  }
}

async function begin() {
  await words();
  frame();
  const base = await findPage();
  if (!base) return;
  const page = new Page(base);
  current = () => (page.gone || !page.outbox ? message(page.gone ? "gone" : "away") : page.build());
  await page.follow();
}

begin();
