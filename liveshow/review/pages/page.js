/* The performers' page: gets in, follows what changes, and says what was pressed. */

import { show } from "./dom.js";
import { Drafts } from "./drafts.js";
import { backOff, findPage, message, messageAgain, noMessage, patience, remember } from "./entry.js";
import { Frame } from "./frame.js";
import { Outbox } from "./outbox.js";
import { control, opposite, overlaid } from "./presses.js";
import { clockOf } from "./times.js";
import { Consent, Credit, Crew, Recorded } from "./views.js";
import { Wire } from "./wire.js";
import { language, preferred, use } from "./words.js";

const VIEWS = { recorded: Recorded, credit: Credit, consent: Consent, crew: Crew };
const AT_MOST_EVERY = 400;
const UNCHANGED_WAIT = 3000;
const byId = (id) => document.getElementById(id);

class Page {
  constructor(base) {
    this.base = base;
    this.wire = new Wire(base);
    this.server = null; // what the server said last
    this.state = null; // that, and what was pressed here
    this.views = {};
    this.view = "recorded";
    this.reached = true;
    this.undo = [];
    this.wall = (ms) => ms + this.server.now - this.server.now_ms;
    this.wakers = new Set();
    addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => this.wake());
    addEventListener("offline", () => this.lostSight());
    addEventListener("hashchange", () => this.toView());
  }

  /** Follow the show until the link leads nowhere. */
  async follow() {
    let fails = 0;
    while (!this.gone) {
      if (document.hidden) await this.pause();
      const asked = performance.now();
      let state = null;
      try {
        state = await this.wire.state(this.reached, this.leaving());
      } catch (error) {
        if (error.final) return this.ended();
        if (!this.left) await this.lostSight(patience(fails++, error));
        continue;
      }
      fails = 0;
      this.arrived(state, asked);
      await this.pause(state ? AT_MOST_EVERY : Math.max(0, UNCHANGED_WAIT - (performance.now() - asked)));
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

  /** There is no connection; `ms`: until the next try. */
  lostSight(ms = 0) {
    this.reached = false;
    if (this.server) this.drawStatus();
    else if (!this.gone) message("away");
    return this.pause(ms);
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
    this.outbox = new Outbox(
      whose,
      (presses) => this.wire.say(presses),
      () => this.pressesChanged(),
    );
    remember(this.base);
    this.build();
    this.outbox.drain();
  }

  /** (Again) in the language that is in use. */
  build() {
    clockOf(this.server.show.timezone, language());
    const main = byId("main");
    for (const view of Object.values(this.views)) view.node.remove();
    noMessage();
    for (const [key, View] of Object.entries(VIEWS)) {
      this.views[key] = new View(this);
      main.append(this.views[key].node);
    }
    this.frame.show(true);
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
    const answers = this.state.said.filter((one) => one.answer).length;
    const heard = Number(this.drafts.get("answers-heard"));
    if (this.view === "crew" && answers !== heard) this.drafts.put("answers-heard", String(answers));
    this.frame.draw(this.state, this.view, answers > heard);
  }

  drawStatus() {
    this.frame.status(this.outbox, this.reached, this.at, Boolean(this.pressed), this.undo.length > 0);
  }

  /** Show the view that the address names. */
  toView(focus = true) {
    const wanted = location.hash.slice(1);
    this.view = wanted in VIEWS ? wanted : "recorded";
    for (const [key, view] of Object.entries(this.views)) show(view.node, key === this.view);
    if (this.view !== "recorded" && this.views.recorded) this.views.recorded.pause();
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

  /** In another language. */
  spoken() {
    if (this.outbox && !this.gone) this.build();
    else messageAgain();
  }

  /** The link leads nowhere any more. What was not sent stays on this phone for the next link. */
  ended() {
    this.gone = true;
    for (const view of Object.values(this.views)) show(view.node, false);
    this.frame.show(false);
    message("gone", this.outbox ? this.outbox.unsent.length : 0);
    byId("message").querySelector("h1").focus();
  }
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
  let page = null;
  const frame = new Frame(
    () => (page ? page.spoken() : messageAgain()),
    () => page.takeBack(),
  );
  const base = await findPage();
  if (!base) return;
  page = new Page(base);
  page.frame = frame;
  await page.follow();
}

begin();
