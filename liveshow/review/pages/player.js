/* Hear and see a segment with what came before and after, in and out marked. */

import { attribute, el, icon, reshape, say, show } from "./dom.js";
import { length } from "./times.js";
import { language, t } from "./words.js";

const UNTIL_OUT = 5000;
const NEAR = 0.3; // seconds
let playing = null; // one at a time

/** Plays one segment. Times are milliseconds of the show clock; `moved()` is called while it plays. */
export class Player {
  constructor(moved) {
    this.moved = moved;
    this.feed = "";
    this.url = "";
    this.stopAt = null;
    this.media = null;
    this.tick = this.tick.bind(this);
    this.build();
  }

  build() {
    this.poster = el("img", {
      class: "poster",
      alt: "",
      loading: "lazy",
      decoding: "async",
      width: 640,
      height: 360,
      hidden: true,
    });
    this.poster.addEventListener("error", () => show(this.poster, false));
    this.face = el("div", { class: "face" }, icon("mic"));
    this.making = el("p", { class: "making", hidden: true });
    this.begin = el(
      "button",
      { type: "button", class: "begin", onclick: () => this.toggle() },
      icon("play"),
      this.beginText(),
    );
    this.screen = el("div", { class: "screen" }, this.face, this.poster, this.making, this.begin);
    this.scrub = el("input", {
      type: "range",
      class: "scrub",
      min: 0,
      step: 0.1,
      value: 0,
      oninput: () => this.seek(this.start + this.scrub.value * 1000),
    });
    this.inFlag = el("span", { class: "flag in" });
    this.outFlag = el("span", { class: "flag out" });
    this.time = el("p", { class: "time" });
    this.playText = el("span");
    this.playIcon = icon("play");
    this.fromIn = el("button", { type: "button", onclick: () => this.from(this.edges.in_ms, null) });
    this.untilOut = el("button", {
      type: "button",
      onclick: () => this.from(this.edges.out_ms - UNTIL_OUT, this.edges.out_ms),
    });
    this.toggleButton = el(
      "button",
      { type: "button", class: "toggle", onclick: () => this.toggle() },
      this.playIcon,
      this.playText,
    );
    const flags = el("div", { class: "flags", "aria-hidden": "true" }, this.inFlag, this.outFlag);
    const row = el("div", { class: "row three" }, this.fromIn, this.toggleButton, this.untilOut);
    this.transport = el("div", { class: "transport", hidden: true }, flags, this.scrub, this.time, row);
    this.feeds = el("div", { class: "feeds", role: "group", hidden: true });
    this.node = el("div", { class: "player" }, this.screen, this.transport, this.feeds);
  }

  beginText() {
    this.beginWords = el("span", { class: "unseen" });
    return this.beginWords;
  }

  /** What there is to play now; `edges` are in and out as they are shown. */
  update(segment, edges, base) {
    this.edges = edges;
    this.base = base;
    this.title = segment.title;
    this.ready = segment.media.filter((one) => one.ready);
    this.offer(segment);
    if (segment.poster && this.poster.getAttribute("src") !== base + segment.poster) {
      this.poster.src = base + segment.poster;
      show(this.poster, true);
    }
    this.screen.classList.toggle("pictured", !this.poster.hidden);
    const chosen = this.ready.find((one) => one.feed === this.feed) || this.ready[0] || null;
    this.chosen = chosen;
    if (this.media && (!chosen || (base + chosen.url !== this.url && this.media.paused))) this.load(chosen);
    this.draw();
  }

  /** Which feeds there are, and what is still being made. */
  offer(segment) {
    const making = segment.mine && !this.ready.length;
    show(this.making, making);
    show(this.face, !making);
    say(
      this.making,
      making ? t(segment.running ? "player.running" : segment.media.length ? "player.making" : "player.nothing") : "",
    );
    show(this.begin, this.ready.length > 0 && !this.media);
    say(this.beginWords, t("player.begin", { title: this.title }));
    attribute(this.feeds, "aria-label", t("player.feeds"));
    show(this.feeds, segment.media.length > 1);
    const drawn = segment.media.map((one) => `${one.feed} ${one.ready}`).join() + language();
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.feeds.replaceChildren(...segment.media.map((one) => this.choice(one)));
  }

  choice(one) {
    const sign = icon(one.kind === "camera" ? "film" : "mic");
    const props = { type: "button", "data-feed": one.feed, disabled: !one.ready, onclick: () => this.choose(one.feed) };
    return el("button", props, sign, el("span", { dir: "auto", text: one.label }));
  }

  choose(feed) {
    const at = this.position();
    this.feed = feed;
    this.chosen = this.ready.find((one) => one.feed === feed);
    this.load(this.chosen);
    this.from(at === null ? this.edges.in_ms : at, null);
  }

  get start() {
    return this.loaded ? this.loaded.start_ms : 0;
  }

  /** Where it is on the show clock, null before anything was played. */
  position() {
    if (!this.media || !this.loaded) return null;
    return this.start + (this.wanted === null ? this.media.currentTime : this.wanted) * 1000;
  }

  load(chosen) {
    const at = this.position();
    if (this.media) {
      this.media.pause();
      this.media.removeAttribute("src");
      this.media.load();
      this.media.remove();
    }
    this.loaded = chosen;
    this.media = null;
    if (!chosen) return;
    this.feed = chosen.feed; // and it stays that one, whatever becomes ready later
    this.url = this.base + chosen.url;
    const tag = chosen.kind === "camera" ? "video" : "audio";
    const media = el(tag, {
      src: this.url,
      playsinline: true,
      preload: "metadata",
      "aria-label": t("player.of", { title: this.title }),
    });
    for (const event of ["play", "pause", "ended"]) media.addEventListener(event, () => this.turned(media));
    for (const event of ["loadedmetadata", "canplay", "seeked"])
      media.addEventListener(event, () => this.arrived(media));
    media.addEventListener("timeupdate", () => this.draw());
    media.addEventListener("error", () => this.failed(media));
    this.media = media;
    this.wanted = at === null ? null : this.clamped(at);
    this.screen.insertBefore(media, this.making);
  }

  clamped(at) {
    return Math.max(0, Math.min(at, this.loaded.end_ms) - this.start) / 1000;
  }

  /** A phone ignores where it is to begin before it knows the length, and some do before there is something to play: until it is there. */
  arrived(media) {
    if (media !== this.media || this.wanted === null) return;
    const to = Math.min(this.wanted, media.duration || this.wanted); // it may be a little shorter than was said
    if (Math.abs(media.currentTime - to) < NEAR) this.wanted = null;
    else media.currentTime = to;
  }

  failed(media) {
    if (media !== this.media) return;
    this.load(null);
    this.draw();
    show(this.making, true);
    say(this.making, t("player.failed"));
    show(this.begin, this.ready.length > 0);
  }

  /** Play from an instant, until another or (null) to the end. */
  from(at, until) {
    if (!this.chosen) return;
    if (!this.media) this.load(this.chosen);
    this.seek(at);
    this.stopAt = until;
    this.play();
  }

  seek(at) {
    if (!this.media) return;
    this.stopAt = null;
    this.wanted = this.clamped(at);
    if (this.media.readyState > 0) this.media.currentTime = this.wanted;
    this.draw();
  }

  toggle() {
    if (!this.media) return this.from(this.edges.in_ms, null);
    if (!this.media.paused) return this.media.pause();
    this.stopAt = null;
    return this.play();
  }

  play() {
    if (playing && playing !== this) playing.pause();
    playing = this;
    const begun = document.activeElement === this.begin;
    show(this.transport, true);
    show(this.begin, false);
    if (begun) this.toggleButton.focus();
    const media = this.media;
    media.play().catch((error) => {
      if (error.name !== "AbortError" && error.name !== "NotAllowedError") this.failed(media);
    });
  }

  pause() {
    if (this.media) this.media.pause();
  }

  /** It is gone from the page. */
  close() {
    this.load(null);
    if (playing === this) playing = null;
  }

  turned(media) {
    if (media !== this.media) return;
    if (media.paused && this.chosen && this.base + this.chosen.url !== this.url) this.load(this.chosen);
    this.draw();
    if (!media.paused) requestAnimationFrame(this.tick);
  }

  tick() {
    if (!this.media || this.media.paused) return;
    if (this.stopAt !== null && this.position() >= this.stopAt) {
      this.media.pause();
      this.media.currentTime = this.clamped(this.stopAt);
      this.stopAt = null;
    }
    this.draw();
    requestAnimationFrame(this.tick);
  }

  draw() {
    const on = Boolean(this.media && !this.media.paused);
    reshape(this.playIcon, on ? "pause" : "play");
    say(this.playText, t(on ? "player.pause" : "player.play"));
    say(this.fromIn, t("player.from-in"));
    say(this.untilOut, t("player.until-out"));
    attribute(this.scrub, "aria-label", t("player.position"));
    this.screen.classList.toggle("seen", Boolean(this.media && this.loaded.kind === "camera"));
    for (const choice of this.feeds.children) {
      attribute(choice, "aria-pressed", String(Boolean(this.chosen) && choice.dataset.feed === this.chosen.feed));
    }
    if (this.loaded) this.place();
    this.moved();
  }

  /** In, out and now on the scrubber. */
  place() {
    const { start_ms: start, end_ms: end } = this.loaded;
    const whole = Math.max(1, end - start);
    const at = this.position();
    const out = this.edges.out_ms === null ? end : this.edges.out_ms;
    const share = (ms) => `${(100 * Math.max(0, Math.min(ms - start, whole))) / whole}%`;
    this.transport.style.setProperty("--in", share(this.edges.in_ms));
    this.transport.style.setProperty("--out", share(out));
    attribute(this.scrub, "max", (whole / 1000).toFixed(1));
    if (Math.abs(this.scrub.value - (at - start) / 1000) > 0.05) this.scrub.value = (at - start) / 1000;
    const where = at < this.edges.in_ms ? "player.before" : at > out ? "player.after" : "player.within";
    const words = t(where, {
      at: length(Math.abs(at - this.edges.in_ms), true),
      over: length(at - out, true),
      of: length(out - this.edges.in_ms),
    });
    say(this.time, words);
    attribute(this.scrub, "aria-valuetext", words);
    say(this.inFlag, t("edge.in"));
    say(this.outFlag, t("edge.out"));
  }
}
