// Drafts in this browser: what was last edited, and what somebody has saved. Nothing of it is sent.

const LAST = "zwfw.query.last";
const SAVED = "zwfw.query.drafts";
const MOST = 50;

function read(key, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise; // storage is switched off, or holds something else
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // full or switched off: the query is still on the page
  }
}

export const last = () => read(LAST, "");
export const keepLast = (text) => write(LAST, text);
export const saved = () => read(SAVED, []);

/** Save a draft under a name; one of that name is replaced, the oldest beyond fifty go. */
export function save(name, text) {
  write(SAVED, [{ name, text }, ...saved().filter((one) => one.name !== name)].slice(0, MOST));
}

export function remove(name) {
  write(SAVED, saved().filter((one) => one.name !== name));
}

/** What a draft is called: its first comment, else its first line after the prologue. */
export function nameOf(text, otherwise) {
  const lines = text.split("\n").map((line) => line.trim());
  const comment = lines.find((line) => line.startsWith("#"))?.replace(/^#+\s*/, "");
  const line = comment || lines.find((one) => one && !/^(prefix|base)\b/i.test(one)) || otherwise;
  return Array.from(line).slice(0, 40).join("");
}
