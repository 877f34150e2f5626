/* What goes over the wire to the page's server, and what its answers mean. */

const PATIENCE = 20000;
const WAIT = 25;
const GONE = [401, 403, 404, 410];

/** The server answered, but not with what was asked for. `final`: the link leads nowhere; `after`: ms to wait before the next try. */
class Unanswered extends Error {
  constructor(status, after = 0) {
    super(`status ${status}`);
    this.status = status;
    this.final = GONE.includes(status);
    this.after = after;
  }
}

async function ask(path, options = {}, { patience = PATIENCE, leave = null } = {}) {
  const stop = new AbortController();
  const abort = () => stop.abort();
  const timer = setTimeout(abort, patience);
  if (leave) leave.addEventListener("abort", abort);
  try {
    const answer = await fetch(path, {
      credentials: "same-origin",
      cache: "no-store",
      signal: stop.signal,
      ...options,
    });
    if (answer.status === 304) return { answer, body: null };
    if (!answer.ok) throw new Unanswered(answer.status, 1000 * (Number(answer.headers.get("Retry-After")) || 0));
    return { answer, body: await answer.json() };
  } finally {
    clearTimeout(timer);
    if (leave) leave.removeEventListener("abort", abort);
  }
}

function posted(body) {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

/** Give the token of a link; where its page is. Raises Unanswered, TypeError without a connection. */
export async function enter(token) {
  return (await ask("/enter", posted({ token }))).body.page;
}

/** One performer's page on the server. */
export class Wire {
  constructor(page) {
    this.page = page;
    this.tag = null;
  }

  /** What there is now, or (`wait`) as soon as something has changed; null when nothing has. Raises as :func:`enter` does. */
  async state(wait, leave) {
    const headers = this.tag ? { "If-None-Match": this.tag } : {};
    if (wait && this.tag) headers.Prefer = `wait=${WAIT}`;
    const { answer, body } = await ask(`${this.page}state`, { headers }, { patience: PATIENCE + WAIT * 1000, leave });
    if (body) this.tag = answer.headers.get("ETag");
    return body;
  }

  /** Say what was pressed; the answers, one for each. */
  async say(presses) {
    return (await ask(`${this.page}say`, posted({ presses }))).body.answers;
  }
}
