/* What is being typed, kept on this phone: a page that is closed by mistake, or by the phone, has it again. */

import { keep, kept } from "./memory.js";

export class Drafts {
  constructor(whose) {
    this.prefix = `liveshow:${whose}:draft:`;
    this.texts = new Map(); // where nothing can be kept, it lasts as long as the page is open
  }

  /** null when nothing was typed. */
  get(key) {
    return this.texts.has(key) ? this.texts.get(key) : kept(this.prefix + key);
  }

  /** null: it is sent, or given up. */
  put(key, text) {
    this.texts.set(key, text);
    keep(this.prefix + key, text);
  }
}
