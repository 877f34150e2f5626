/* What was pressed and is not known to be on the stage's disk: kept on this phone until the server says that it is, sent in order, each
   under one name for good, so that however often it is sent it counts once. */

import { keep, kept, keysOf } from "./memory.js";

const AT_ONCE = 20;
const LONGEST = 40000; // bytes at once, of the 64 KiB that the server takes
const LONGEST_WAIT = 30000;
const NOT_UNDERSTOOD = [400, 413];

/** A name nobody has had: a version 4 UUID (RFC 9562), also where there is no secure context. */
function uuid() {
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  const hex = [...b].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Presses of one performer at one show. `send(presses)` gives the server's answers, or rejects when nothing is known;
    `changed()` is called whenever something here is another. */
export class Outbox {
  constructor(whose, send, changed, clock = () => performance.now()) {
    this.clock = clock;
    this.prefix = `liveshow:${whose}:press:`;
    this.send = send;
    this.changed = changed;
    this.presses = this.read();
    this.kept = true;
    this.tries = 0;
    this.sending = false;
    this.singly = false;
    this.refusal = null; // the last one, until something else is pressed
    this.sentAt = this.settledAt = 0;
    this.timer = 0;
    this.standings = new Map();
  }

  /** Those that a page which was closed since has left, oldest first. */
  read() {
    const found = keysOf(this.prefix)
      .map((key) => parsed(key, kept(key)))
      .filter(Boolean);
    return found.sort((a, b) => a.at - b.at || a.order - b.order);
  }

  /** Take a press: `about` says which control, `body` is what the server is told. */
  add(about, body) {
    const order = this.presses.length ? this.presses[this.presses.length - 1].order + 1 : 0;
    const name = uuid();
    const press = { key: this.prefix + name, press: name, at: Date.now(), order, about, body };
    this.kept = keep(press.key, JSON.stringify(press)) && this.kept; // otherwise the page must stay open until all is sent
    this.presses.push(press);
    this.standings.set(about, { word: "sending" });
    this.tries = 0;
    this.refusal = null;
    this.drain();
    return press;
  }

  forget(press) {
    this.presses = this.presses.filter((other) => other !== press);
    keep(press.key, null);
  }

  /** Those nobody has answered yet. */
  get unsent() {
    return this.presses.filter((press) => !press.n);
  }

  /** How the last press on a control stands: sending, waiting, saved, refused (and why); null when there was none. */
  standing(about) {
    return this.standings.get(about) || null;
  }

  /** Send what there is, now; later again by itself while it fails. */
  async drain() {
    clearTimeout(this.timer);
    if (this.sending || this.shut) return;
    const batch = this.next();
    if (!batch.length) return this.changed();
    this.sending = true;
    this.mark(batch, "sending");
    this.changed();
    const presses = batch.map((press) => this.wireForm(press));
    this.sentAt = Date.now();
    try {
      this.settle(batch, await this.send(presses));
      this.settledAt = Date.now();
      this.tries = 0;
    } catch (error) {
      if (NOT_UNDERSTOOD.includes(error.status)) this.strange(batch, error);
      else this.later(error);
    } finally {
      this.sending = false;
    }
    this.changed();
    if (this.unsent.length && !this.tries) this.drain();
  }

  /** The oldest, as many as may be sent at once. */
  next() {
    let bytes = 0;
    const fits = ({ body }) => (bytes += new TextEncoder().encode(JSON.stringify(body)).length + 100) <= LONGEST;
    const batch = this.unsent.slice(0, this.singly ? 1 : AT_ONCE);
    return batch.filter((press, i) => fits(press) || i === 0);
  }

  /** The server does not understand something among these: each by itself, so that it holds up nothing else. */
  strange(batch, error) {
    this.singly = batch.length > 1;
    this.tries = 0;
    if (!this.singly) this.settle(batch, [{ press: batch[0].press, why: "refused", what: error.message }]);
  }

  /** Try again in a while: twice as long each time, and not all phones at once. */
  later(error) {
    this.mark(this.unsent, "waiting");
    if (error.final) {
      this.shut = true; // the link leads nowhere; a new one sends what is kept
      return;
    }
    const wait = Math.max(error.after || 0, Math.min(LONGEST_WAIT, 1000 * 2 ** this.tries++));
    this.timer = setTimeout(() => this.drain(), wait * (0.75 + Math.random() / 2));
  }

  /** Each press has an answer of its own. One that could not be written down now, or has none, stays and is sent again. */
  settle(batch, answers) {
    for (const press of batch) {
      const answer = answers.find((one) => one.press === press.press);
      if (!answer || answer.why === "away") continue;
      if (answer.why) {
        this.forget(press);
        this.refusal = { word: "refused", ...answer, body: press.body };
        this.stand(press, this.refusal);
      } else {
        press.n = answer.n;
        keep(press.key, null); // it is on the stage's disk; here it is shown until the state has it
        press.asked = this.clock();
        this.stand(press, { word: "saved" });
      }
    }
    if (batch.some((press) => !press.n && this.presses.includes(press)))
      throw new TypeError("not everything was written down");
  }

  /** How a control stands is decided by what was pressed last on it. */
  stand(press, standing) {
    const newer = this.presses.some((other) => other.about === press.about && other.order > press.order);
    if (!newer) this.standings.set(press.about, standing);
  }

  /** A state is here that was asked for at `asked` and has what was said up to `newest`: what it has need not be kept any more. */
  seen(newest, asked) {
    for (const press of this.presses.filter((one) => one.n && (one.n <= newest || one.asked < asked)))
      this.forget(press);
  }

  mark(presses, word) {
    for (const { about } of presses) this.standings.set(about, { word });
  }

  /** What is pressed while something before it is on its way was not pressed earlier than that arrives, however slow the way is. */
  wireForm({ press, at, body }) {
    const now = Date.now();
    const ago = at >= this.sentAt && this.settledAt ? Math.min(now - at, now - this.settledAt) : now - at;
    return { press, ago_ms: Math.max(0, ago), ...body };
  }
}

/** A press as it was kept; null for what no page of ours has written. */
function parsed(key, text) {
  try {
    const { press, at, order, about, body } = JSON.parse(text);
    return typeof press === "string" && Number.isFinite(at) && body && typeof body.kind === "string"
      ? { key, press, at, order, about, body }
      : null;
  } catch (error) {
    return null;
  }
}
