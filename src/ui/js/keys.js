// What the page's entries in the browser's storage are called.

/** One draft each, by its name behind this. */
export const DRAFT = "compose-playground:draft:";
/** Which one is opened next: `draft:NAME` or `example:NUMBER`. */
export const CURRENT = "compose-playground:current";
/** `off` where nothing is to be kept. */
export const SWITCH = "compose-playground:keep";
/** What was typed before the page had started. */
export const EARLY = "compose-playground:early";
/** Which tabs of the page are open. */
export const PLACE = "compose-playground:place";
/** The only entry there was before drafts. */
export const LEGACY = "compose-playground";

export function isKept() {
  try {
    return localStorage.getItem(SWITCH) !== "off";
  } catch {
    return true;
  }
}
