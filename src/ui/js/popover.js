// A <details> that floats over the page closes as people expect: by Escape, and by a press elsewhere.

/** @param {(details: HTMLDetailsElement) => boolean} wanted */
const closeWhere = (wanted) => {
  for (const details of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details.private[open]"))) {
    if (wanted(details)) details.open = false;
  }
};

addEventListener("pointerdown", (event) => closeWhere((details) => !details.contains(/** @type {Node} */ (event.target))));
addEventListener("keydown", (event) => event.key === "Escape" && closeWhere(() => true));

export {};
