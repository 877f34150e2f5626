/* Times of day at the show, and lengths. */

let zone, language;

/** Say in which time zone the show is, and in which language times are written: as the reader's country has it, where that is known. */
export function clockOf(timezone, tag) {
  const own = (navigator.languages || []).find((one) => one.toLowerCase().split("-")[0] === tag);
  [zone, language] = [timezone, own || tag];
}

function formatted(ms, options) {
  try {
    return new Intl.DateTimeFormat(language, { ...options, timeZone: zone }).format(ms);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return new Intl.DateTimeFormat(language, options).format(ms); // an old phone may not know the zone
  }
}

/** 20:14, or to a tenth of a second. */
export function timeOfDay(ms, tenths = false) {
  const shown = tenths ? Math.round(ms / 100) * 100 : ms;
  return formatted(shown, {
    hour: "numeric",
    minute: "2-digit",
    ...(tenths && { second: "2-digit", fractionalSecondDigits: 1 }),
  });
}

/** 22 Nov, of a date as in ISO 8601, which has no time zone. */
export function day(date) {
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" }).format(
    Date.parse(date),
  );
}

/** 4:03 or 1:04:03, of milliseconds; with tenths of a second 4:03.2. */
export function length(ms, tenths = false) {
  const all = tenths ? Math.round(Math.abs(ms) / 100) / 10 : Math.round(Math.abs(ms) / 1000);
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const padded = (tenths ? seconds.toFixed(1) : String(seconds)).padStart(tenths ? 4 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${padded}` : `${minutes}:${padded}`;
}
