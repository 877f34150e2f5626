/* What a press says, what it makes of what is shown until the server has it, and what takes it back. */

/* What each kind of press makes of a state. */
const KINDS = {
  me: (state, body) => change(state, body.segment, { mine: true }),
  "not-me": (state, body) => change(state, body.segment, { mine: false }),
  missing(state, { segment, performer }) {
    const found = state.segments.find((one) => one.id === segment);
    const person = state.performers.find((one) => one.id === performer);
    if (!found || !person || found.with.some((one) => one.id === performer)) return state;
    return change(state, segment, { with: [...found.with, person] });
  },
  "not-missing"(state, { segment, performer }) {
    const found = state.segments.find((one) => one.id === segment);
    return found ? change(state, segment, { with: found.with.filter((one) => one.id !== performer) }) : state;
  },
  credit: (state, { kind, ...fields }) => ({ ...state, me: { ...state.me, ...fields } }),
  edges(state, { segment, in_ms, out_ms }) {
    return change(state, segment, { ...(in_ms !== undefined && { in_ms }), ...(out_ms !== undefined && { out_ms }) });
  },
  consent: (state, body) => ((body.segments || []).length ? single(state, body) : general(state, body)),
  note(state, { text, segment }, at) {
    return { ...state, said: [...state.said, { n: 0, at, kind: "note", segment, text, answer: "", undone: false }] };
  },
};
const STRICT = { yes: 0, hold: 1, no: 2 };

function change(state, id, changed) {
  return { ...state, segments: state.segments.map((one) => (one.id === id ? { ...one, ...changed } : one)) };
}

function single(state, { answer, segments }) {
  const consent = { answer, answered: true, by_me: true };
  return segments.reduce((so, id) => change(so, id, { consent }), state);
}

/** For all: a segment's own answer stays, unless it is less strict. */
function general(state, { answer }) {
  const consent = { answer, answered: false, by_me: true };
  const holds = (own) => own.answered && STRICT[own.answer] >= STRICT[answer];
  const segments = state.segments.map((one) => (holds(one.consent) ? one : { ...one, consent }));
  return { ...state, segments, consent: { answer, answered: true, by_me: true } };
}

/** The state as it is shown: with what was pressed here and is not in it yet. */
export function overlaid(state, presses) {
  const known = presses.filter(({ body }) => body.kind in KINDS); // an older or newer page may have left others
  return known.reduce((so, { body, at }) => KINDS[body.kind](so, body, new Date(at).toISOString()), state);
}

/** The presses that take one back, given what was shown before it; none where only the crew can. */
export function opposite(state, body) {
  const segment = state.segments.find((one) => one.id === body.segment);
  switch (body.kind) {
    case "me":
      return [{ ...body, kind: "not-me" }];
    case "not-me":
      return [{ ...body, kind: "me" }];
    case "missing":
      return [{ ...body, kind: "not-missing" }];
    case "not-missing":
      return [{ ...body, kind: "missing" }];
    case "edges":
      return [{ ...body, in_ms: segment.in_ms, out_ms: segment.out_ms }];
    case "credit":
      return [{ kind: "credit", ...before(state.me, body) }];
    case "consent":
      return consentBefore(state, body);
    default:
      return [];
  }
}

function before(me, body) {
  return Object.fromEntries(
    Object.keys(body)
      .filter((key) => key !== "kind")
      .map((key) => [key, me[key]]),
  );
}

/** What held for all, and then again what was answered for single segments, for a later answer for all may overrule those. */
function consentBefore(state, { kind, terms, segments }) {
  const said = (answer, ids) => ({ kind, terms, answer, segments: ids });
  if (segments.length)
    return segments.map((id) => said(state.segments.find((one) => one.id === id).consent.answer, [id]));
  const own = state.segments.filter((one) => one.consent.answered);
  return [said(state.consent.answer, []), ...own.map((one) => said(one.consent.answer, [one.id]))];
}

/** The name of the control that a press is made on. */
export function control(body) {
  if (body.kind === "me" || body.kind === "not-me") return `me:${body.segment}`;
  if (body.kind === "not-missing") return `missing:${body.segment}`;
  if (body.kind === "consent") return `consent:${body.segments.join()}`;
  return body.segment === undefined ? body.kind : `${body.kind}:${body.segment}`;
}
