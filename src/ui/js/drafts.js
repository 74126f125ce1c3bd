// Drafts in the browser's storage, one entry each, so that tabs of the browser do not overwrite each other's text.
//
// A tab writes into a draft only while it owns it: it made the draft, or it opened the draft and no other tab that is open owns
// it. In any other case, and where the entry is not what this tab last saw of it, the text becomes a draft of its own. A draft
// that an open tab shows is not deleted for newer ones.

import { CURRENT, DRAFT, EARLY, LEGACY, PLACE, SWITCH, isKept } from "./keys.js";

/** In UTF-16 units, which is how browsers count. They keep about five million for a site. */
const LIMIT = 5_000_000;
/** Besides the one that is written. */
const MOST = 20;

/** What this tab last wrote to a draft, or read from it. */
const seen = new Map();
/** The draft that this tab shows, whether it is this tab's to write, and what gives it up. */
const shown = { id: "", isOwned: false, release() {} };

/**
 * Writes a draft. `id` is empty for a new one. Returns the name it has now, and why it could not be written: `full`, `blocked`,
 * `large`, or nothing.
 */
export function writeDraft(id, value) {
  if (value.length > LIMIT) return [id, "large"];
  try {
    const isMine = id !== "" && shown.id === id && shown.isOwned && localStorage.getItem(DRAFT + id) === seen.get(id);
    const name = isMine ? id : newName();
    localStorage.setItem(DRAFT + name, value);
    seen.set(name, value);
    if (!isMine) {
      claim(name, true);
      dropOldest(name);
    }
    point(`draft:${name}`);
    localStorage.removeItem(EARLY);
    return [name, ""];
  } catch (error) {
    return [id, error.name === "QuotaExceededError" ? "full" : "blocked"];
  }
}

/** The draft's content; undefined where there is none. */
export function readDraft(id) {
  const value = attempt(() => localStorage.getItem(DRAFT + id));
  const draft = parsed(value);
  if (!draft) return undefined;
  seen.set(id, value);
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

/** What a page from before drafts stored. */
export function legacy() {
  return parsed(attempt(() => localStorage.getItem(LEGACY)));
}

/** Removes it, because storage may be too small for it and its draft. Returns what `restoreLegacy` needs. */
export function takeLegacy() {
  const value = attempt(() => localStorage.getItem(LEGACY)) ?? "";
  attempt(() => localStorage.removeItem(LEGACY));
  return value;
}

export function restoreLegacy(value) {
  attempt(() => localStorage.setItem(LEGACY, value));
}

/** Sets what the next start opens: this tab's own reload, and a new tab. */
export function point(target) {
  if (target.startsWith("draft:")) claim(target.slice("draft:".length), false);
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

/** Calls back with the name of a draft that another tab deletes. */
export function onRemoved(act) {
  addEventListener("storage", ({ key, newValue }) => {
    if (key?.startsWith(DRAFT) && newValue === null) act(key.slice(DRAFT.length));
  });
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

/** Makes a draft the one that this tab shows, and gives up the one before. */
function claim(id, isNew) {
  if (id === shown.id) return;
  shown.release();
  Object.assign(shown, { id, isOwned: isNew, release() {} });
  if (!navigator.locks) {
    // Without https there are no locks. A reload continues with its own draft.
    shown.isOwned ||= attempt(() => sessionStorage.getItem(CURRENT)) === `draft:${id}`;
    return;
  }
  const waiting = new AbortController();
  /** @type {Promise<void>} */
  const given = new Promise((release) => (shown.release = () => (waiting.abort(), release())));
  const own = () => {
    if (shown.id === id) shown.isOwned = true;
    return given;
  };
  navigator.locks.request(DRAFT + id, { signal: waiting.signal }, own).catch(() => {});
}

/** Deletes the oldest drafts, except those that a tab shows. */
async function dropOldest(written) {
  const { held = [] } = await Promise.resolve(navigator.locks?.query()).catch(() => {}) ?? {};
  const shownBy = new Set(held.map((it) => it.name));
  const old = drafts().filter(([id]) => id !== written).slice(MOST);
  const unseen = old.filter(([id]) => !shownBy.has(DRAFT + id));
  unseen.forEach(([id]) => attempt(() => localStorage.removeItem(DRAFT + id)));
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
