/* What is being typed, kept on this phone: a page that is closed by mistake, or by the phone, has it again. */

export class Drafts {
  constructor(whose) {
    this.prefix = `liveshow:${whose}:draft:`;
    this.texts = new Map();
  }

  /** null when nothing was typed. */
  get(key) {
    if (this.texts.has(key)) return this.texts.get(key);
    try {
      return localStorage.getItem(this.prefix + key);
    } catch (error) {
      return null; // storage is forbidden here: it lasts as long as the page is open
    }
  }

  /** null: it is sent, or given up. */
  put(key, text) {
    this.texts.set(key, text);
    try {
      if (text === null) localStorage.removeItem(this.prefix + key);
      else localStorage.setItem(this.prefix + key, text);
    } catch (error) {
      return; // as above
    }
  }
}
