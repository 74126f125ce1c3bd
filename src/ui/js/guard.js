// Removes from the page what no content security policy covers, before any other script runs.
//
// WebRTC connects to any address and obeys no directive (Chromium ignores `webrtc 'block'`). A frame has a WebRTC of its own, even an
// empty one that `frame-src 'none'` does not refuse, and so has a window that is opened: the page needs neither, so it makes none.

const FRAMES = "iframe, frame, object, embed, fencedframe, portal";
/** @param {unknown} name */
const isFrame = (name) => FRAMES.split(", ").includes(String(name).toLowerCase().split(":").at(-1) ?? "");

for (const name of Object.getOwnPropertyNames(window)) {
  if (/^(webkit)?RTC|^XSLTProcessor$|^open$/.test(name)) Object.defineProperty(window, name, { value: undefined, configurable: false, writable: false });
}

/** Replaces a method or a setter; `wrap` gets the original one. */
function replace(owner, name, wrap) {
  const found = owner && Object.getOwnPropertyDescriptor(owner, name);
  if (!found) return;
  const part = found.set ? "set" : "value";
  Object.defineProperty(owner, name, { ...found, [part]: wrap(found[part]), configurable: false });
}

for (const name of ["createElement", "createElementNS"]) {
  replace(Document.prototype, name, (make) => /** @this {unknown} */ function (...args) {
    if (isFrame(args.at(name === "createElement" ? 0 : 1))) throw new DOMException("This page makes no frames.", "NotSupportedError");
    return Reflect.apply(make, this, args);
  });
}

// Parsers make elements as well: frames are taken out before the caller goes on.
const sweep = (root) => {
  if (!root?.querySelectorAll) return;
  root.querySelectorAll(FRAMES).forEach((it) => it.remove());
  root.querySelectorAll("template").forEach((it) => sweep(it.content));
  root.querySelectorAll("*").forEach((it) => it.shadowRoot && sweep(it.shadowRoot));
};
const sweeping = (parse) => /** @this {any} */ function (...args) {
  const root = this instanceof Element ? (this.parentNode ?? this) : this;
  const res = Reflect.apply(parse, this, args);
  for (const it of [root, this.content, this.shadowRoot, res]) sweep(it);
  return res;
};
for (const [owner, names] of /** @type {[object, string[]][]} */ ([
  [Element.prototype, ["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe"]],
  [ShadowRoot.prototype, ["innerHTML", "setHTMLUnsafe"]],
  [Document.prototype, ["write", "writeln", "execCommand"]],
  [Range.prototype, ["createContextualFragment"]],
  [DOMParser.prototype, ["parseFromString"]],
  [Document, ["parseHTMLUnsafe"]],
])) names.forEach((name) => replace(owner, name, sweeping));
