/* What this phone keeps when the page is closed. Some browsers forbid that: then nothing is kept, and whoever asks is told so. */

/** The text of a key, null when there is none. */
export function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch (error) {
    return null;
  }
}

/** Keep a text, or (null) keep it no more. Whether that was done. */
export function keep(key, text) {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
    return true;
  } catch (error) {
    return false;
  }
}

/** The keys that begin so. */
export function keysOf(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch (error) {
    return [];
  }
}
