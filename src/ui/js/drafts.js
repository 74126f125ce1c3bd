// Drafts in the browser's storage, one entry each, so that tabs of the browser do not overwrite each other's text.
//
// A tab writes into a draft only while it owns it: it made the draft, or it opened the draft and no other tab that is open owns
// it. In any other case, and where the entry is not what this tab last saw of it, the text becomes a draft of its own.

import { CURRENT, DRAFT, EARLY, LEGACY, PLACE, SWITCH, isKept } from "./keys.js";

/** In UTF-16 units, which is how browsers count. They keep about five million for a site. */
const LIMIT = 5_000_000;
/** Besides the one that is written. */
const MOST = 20;

/** What this tab last wrote to a draft, or read from it. */
const seen = new Map();
const owned = new Set();

/**
 * Writes a draft. `id` is empty for a new one. Returns the name it has now, and why it could not be written: `full`, `blocked`,
 * `large`, or nothing.
 */
export function writeDraft(id, value) {
  if (value.length > LIMIT) return [id, "large"];
  try {
    const isMine = id !== "" && owned.has(id) && localStorage.getItem(DRAFT + id) === seen.get(id);
    const name = isMine ? id : newName();
    localStorage.setItem(DRAFT + name, value);
    seen.set(name, value);
    if (!isMine) {
      owned.add(name);
      claim(name);
      dropOldest(name);
    }
    point(`draft:${name}`);
    localStorage.removeItem(EARLY);
    return [name, ""];
  } catch (error) {
    return [id, error.name === "QuotaExceededError" ? "full" : "blocked"];
  }
}

/** The draft's content; undefined where there is none. What a tab reads it may go on with. */
export function readDraft(id) {
  const value = attempt(() => localStorage.getItem(DRAFT + id));
  const draft = parsed(value);
  if (!draft) return undefined;
  seen.set(id, value);
  claim(id);
  return draft;
}

/** `[id, content, size in bytes]` of each, the newest first. */
export function drafts() {
  const found = attempt(() => Object.keys(localStorage).filter((it) => it.startsWith(DRAFT))) ?? [];
  return found
    .map((key) => [key, attempt(() => localStorage.getItem(key))])
    .map(([key, value]) => [key.slice(DRAFT.length), parsed(value), new Blob([value ?? ""]).size])
    .filter(([, draft]) => draft)
    .sort(([, a], [, b]) => b.changed - a.changed);
}

/** Returns what `restoreDraft` needs. */
export function removeDraft(id) {
  return attempt(() => {
    const value = localStorage.getItem(DRAFT + id);
    localStorage.removeItem(DRAFT + id);
    return value;
  }) ?? "";
}

export function restoreDraft(id, value) {
  return attempt(() => (localStorage.setItem(DRAFT + id, value), true)) ?? false;
}

/** What a page of before drafts kept. Its place is given up by `forgetLegacy`. */
export function legacy() {
  return parsed(attempt(() => localStorage.getItem(LEGACY)));
}

export function forgetLegacy() {
  attempt(() => localStorage.removeItem(LEGACY));
}

/** Says what the next start opens: this tab's own reload, and a tab that is new. */
export function point(target) {
  attempt(() => sessionStorage.setItem(CURRENT, target));
  attempt(() => localStorage.setItem(CURRENT, target));
}

export function pointed() {
  return attempt(() => sessionStorage.getItem(CURRENT)) ?? attempt(() => localStorage.getItem(CURRENT)) ?? "";
}

/** Which tabs of the page are open, for this tab's reload. */
export function setPlace(place) {
  attempt(() => sessionStorage.setItem(PLACE, place));
}

export function place() {
  return attempt(() => sessionStorage.getItem(PLACE)) ?? "";
}

export function keeps() {
  return isKept();
}

export function setKeeps(isOn) {
  attempt(() => (isOn ? localStorage.removeItem(SWITCH) : localStorage.setItem(SWITCH, "off")));
}

/** Calls back when another tab turns keeping on or off. */
export function onSwitch(act) {
  addEventListener("storage", ({ key }) => key === SWITCH && act(isKept()));
}

/** What was typed before the page had started, `[text, caret, whether it had the focus]`. */
export function early() {
  const { text, at, focused } = window.composeStart.early;
  const before = text || attempt(() => localStorage.getItem(EARLY));
  return before ? [before, at, focused] : undefined;
}

/** A date as the reader's language writes it. */
export function dateText(milliseconds) {
  return new Date(milliseconds).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

function claim(id) {
  const key = DRAFT + id;
  if (!navigator.locks) {
    // Without https there are no locks. A reload goes on with its own draft.
    if (attempt(() => sessionStorage.getItem(CURRENT)) === `draft:${id}`) owned.add(id);
    return;
  }
  const forEver = () => (owned.add(id), new Promise(() => {}));
  navigator.locks.request(key, forEver).catch(() => {});
}

function dropOldest(written) {
  const others = drafts().filter(([id]) => id !== written);
  others.slice(MOST).forEach(([id]) => localStorage.removeItem(DRAFT + id));
}

function newName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (it) => it.toString(16).padStart(2, "0")).join("");
}

function parsed(value) {
  const draft = attempt(() => JSON.parse(value));
  return Array.isArray(draft?.files) ? draft : undefined;
}

/** Storage may be full, forbidden, or absent. */
function attempt(act) {
  try {
    return act() ?? undefined;
  } catch {
    return undefined;
  }
}
