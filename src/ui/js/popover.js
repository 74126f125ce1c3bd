// A <details> that floats over the page closes as people expect: by Escape, and by a press elsewhere.

const close = (wanted) => {
  for (const details of document.querySelectorAll("details.private[open]")) {
    if (wanted(details)) details.open = false;
  }
};

addEventListener("pointerdown", (event) => close((details) => !details.contains(event.target)));
addEventListener("keydown", (event) => event.key === "Escape" && close(() => true));
