// The editor: CodeMirror in a shadow root, several documents, one visible.
//
// Offsets are UTF-16 units. `revision` grows with every change of any document; what was computed
// for another revision is dropped here, the only place that knows the newest for certain.

import { defaultKeymap, history, historyKeymap, indentWithTab, isolateHistory, undo as undoStep } from "@codemirror/commands";
import { HighlightStyle, bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, nextDiagnostic, previousDiagnostic, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, Transaction } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers, placeholder, tooltips } from "@codemirror/view";
import { tags } from "@lezer/highlight";

import { words } from "./causes.js";
import { yaml } from "./yaml.js";

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--code-key)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--code-string)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.labelName, tags.typeName, tags.meta], color: "var(--accent)" },
  { tag: [tags.punctuation, tags.separator, tags.bracket], color: "var(--ink-soft)" },
]);

const underline = (colour) => ({ textDecoration: `underline wavy ${colour} 1.5px`, textUnderlineOffset: "3px", textDecorationSkipInk: "none", backgroundImage: "none", paddingBottom: "0" });

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "transparent", fontSize: "var(--code-size)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { padding: "14px 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 16px 0 8px" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--ink-soft)", border: "none", paddingLeft: "6px" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "2.2em" },
  ".cm-foldGutter .cm-gutterElement": { color: "var(--ink-soft)" },
  // Translucent: the selection is drawn below the lines.
  ".cm-activeLine": { backgroundColor: "var(--active-line)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selection) !important" },
  ".cm-selectionMatch": { backgroundColor: "var(--selection)" },
  ".cm-matchingBracket": { backgroundColor: "var(--selection)", outline: "1px solid var(--line-strong)" },
  ".cm-lintRange-error": underline("var(--error)"),
  ".cm-lintRange-warning": underline("var(--warning)"),
  ".cm-lintRange-info": underline("var(--hint)"),
  ".cm-lintRange-hint": { ...underline("var(--hint)"), textDecorationStyle: "dotted" },
  ".cm-lintRange-active": { backgroundColor: "var(--selection)" },
  ".cm-lintPoint:after": { display: "none" },
  ".cm-gutter-lint": { width: "16px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0", display: "grid", placeItems: "center" },
  ".cm-lint-marker": { width: "8px", height: "8px", borderRadius: "50%", content: "none !important" },
  ".cm-lint-marker-error": { backgroundColor: "var(--error)", borderRadius: "2px" },
  ".cm-lint-marker-warning": { backgroundColor: "var(--warning)" },
  ".cm-lint-marker-info, .cm-lint-marker-hint": { border: "1.5px solid var(--hint)", boxSizing: "border-box" },
  "@media (forced-colors: active)": {
    ".cm-lint-marker": { forcedColorAdjust: "none", border: "2px solid CanvasText", backgroundColor: "Canvas" },
    ".cm-lint-marker-error": { backgroundColor: "CanvasText" },
    ".cm-lint-marker-warning": { borderStyle: "double", borderWidth: "3px" },
    ".cm-selectionBackground": { forcedColorAdjust: "none", backgroundColor: "Highlight !important" },
  },
  ".cm-placeholder": { color: "var(--ink-soft)" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", color: "var(--ink)", border: "1px solid var(--line-strong)", borderRadius: "10px", boxShadow: "var(--shadow)", fontFamily: "var(--sans)", maxWidth: "min(460px, calc(100vw - 32px))", overflowY: "auto", maxHeight: "60vh" },
  ".cm-diagnostic": { padding: "10px 14px", borderLeft: "none", whiteSpace: "normal", lineHeight: "1.5", fontSize: "14px" },
  ".cm-diagnostic code": { fontFamily: "var(--mono)", fontSize: "0.92em" },
  ".cm-diagnosticText p": { margin: "0" },
  ".cm-diagnosticText p + p": { marginTop: "4px", color: "var(--ink-soft)" },
  ".cm-diagnosticText b": { fontWeight: "600" },
  ".is-error": { color: "var(--error)" },
  ".is-warning": { color: "var(--warning)" },
  ".is-hint, .is-info": { color: "var(--hint)" },
  ".cm-diagnostic + .cm-diagnostic": { borderTop: "1px solid var(--line)" },
  ".cm-diagnosticAction": { display: "inline-block", margin: "8px 8px 0 0", padding: "4px 10px", font: "inherit", fontSize: "13px", color: "var(--on-accent)", backgroundColor: "var(--accent)", border: "none", borderRadius: "6px", cursor: "pointer" },
  ".cm-diagnosticAction-unsafe": { color: "var(--accent)", backgroundColor: "transparent", boxShadow: "inset 0 0 0 1px var(--line-strong)" },
  ".cm-panels": { backgroundColor: "var(--surface)", color: "var(--ink)", borderColor: "var(--line)", fontFamily: "var(--sans)" },
  ".cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panel.cm-search": { padding: "10px 14px" },
  ".cm-panel.cm-search input, .cm-panel.cm-search button": { font: "inherit", fontSize: "13px", borderRadius: "6px", border: "1px solid var(--line-strong)", background: "var(--paper)", color: "inherit", padding: "3px 8px", backgroundImage: "none" },
  ".cm-panel.cm-search label": { fontSize: "13px" },
});

const QUIET = Transaction.userEvent.of("load");

export function create(host, settings, onChange, onCommand) {
  const root = host.attachShadow({ mode: "open" });
  /** @type {any} */
  const editor = { view: undefined, root, documents: new Map(), shown: "", revision: 0, problems: [], windows: new Set() };
  const changed = (name, text) => {
    editor.revision += 1;
    onChange(name, text, editor.revision, editor.windows.has(name));
  };
  const command = (name) => ({
    run({ state: { selection: { main } } }) {
      onCommand(name, editor.shown, main.from, main.to, main.head);
      return true;
    },
  });
  // A text that takes the place of all there was brings its line endings with it. The editor itself counts each as one character.
  const pasted = (name) => (text, state) => {
    const { from, to } = state.selection.main;
    if (from === 0 && to === state.doc.length) {
      const breaks = text.match(/\r?\n/g) ?? [];
      const isWindows = breaks.filter((it) => it.length === 2).length * 2 > breaks.length;
      editor.windows[isWindows ? "add" : "delete"](name);
    }
    return text;
  };
  const copied = (name) => (text) => (editor.windows.has(name) ? text.replace(/\r?\n/g, "\r\n") : text);
  editor.extensions = (name) => [
    lintGutter(),
    lineNumbers(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    foldGutter(),
    indentOnInput(),
    indentUnit.of("  "),
    EditorState.tabSize.of(2),
    bracketMatching(),
    highlightSelectionMatches(),
    search({ top: true }),
    name.endsWith(".env") ? [] : yaml(),
    syntaxHighlighting(colours),
    look,
    EditorView.clipboardInputFilter.of(pasted(name)),
    EditorView.clipboardOutputFilter.of(copied(name)),
    // Near the edge of a small screen as well.
    tooltips({ tooltipSpace: () => ({ left: 8, top: 8, right: innerWidth - 8, bottom: innerHeight - 8 }) }),
    name === "compose.override.yaml" ? placeholder(settings.overrideHint) : [],
    keymap.of([
      // CodeMirror's own Escape does this only where nothing is selected.
      { key: "Escape", run: (view) => (view.setTabFocusMode(2000), false) },
      { key: "F8", run: nextDiagnostic },
      { key: "Shift-F8", run: previousDiagnostic },
      { key: "Mod-.", ...command("fix") },
      { key: "Mod-s", ...command("save") },
      ...searchKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...defaultKeymap,
      indentWithTab,
    ]),
    EditorView.contentAttributes.of({ "aria-label": `${settings.label} ${name}`, "aria-describedby": "editor-hint", tabindex: "0", spellcheck: "false", autocapitalize: "off", autocorrect: "off" }),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      changed(name, update.state.doc.toString());
    }),
  ];
  // A shadow root cannot be described by what is outside of it: the hint stands in both.
  const hint = document.createElement("p");
  hint.id = "editor-hint";
  hint.textContent = settings.hint;
  const hidden = new CSSStyleSheet();
  hidden.replaceSync("#editor-hint{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap;margin:0}:host{display:block;height:100%}");
  root.adoptedStyleSheets = [hidden];
  root.append(hint);
  editor.view = new EditorView({ parent: root, root, state: EditorState.create({ doc: "" }) });
  editor.changed = changed;
  return editor;
}

export function clear(editor) {
  editor.documents.clear();
  editor.shown = "";
  editor.problems = [];
}

// Adds a document, or puts another text into one; its history begins anew.
// `isWindows`: its lines end with CR and LF where it is saved or copied.
export function open(editor, name, text, isWindows) {
  editor.windows[isWindows ? "add" : "delete"](name);
  const state = EditorState.create({ doc: text, extensions: editor.extensions(name) });
  editor.documents.set(name, state);
  if (editor.shown === name) editor.view.setState(state);
  editor.revision += 1;
  return editor.revision;
}

export function close(editor, name) {
  if (editor.shown === name) editor.shown = "";
  editor.documents.delete(name);
  editor.revision += 1;
  return editor.revision;
}

export function show(editor, name) {
  if (editor.shown === name || !editor.documents.has(name)) return;
  if (editor.documents.has(editor.shown)) editor.documents.set(editor.shown, editor.view.state);
  editor.shown = name;
  editor.view.setState(editor.documents.get(name));
  draw(editor);
}

// Problems of all documents; false when they speak of an older text.
export function setProblems(editor, revision, problems, onFix) {
  if (revision !== editor.revision) return false;
  editor.problems = problems;
  editor.onFix = onFix;
  draw(editor);
  return true;
}

function draw(editor) {
  const { view, problems, onFix } = editor;
  const length = view.state.doc.length;
  const diagnostics = problems.filter((it) => it.file === editor.shown).map((it) => ({
    from: Math.min(it.start, length),
    to: Math.min(it.end, length),
    severity: it.severity,
    message: it.message,
    renderMessage: () => explanation(it),
    actions: it.fixes.map((fix, index) => ({
      name: fix.title,
      markClass: fix.safe ? "" : "cm-diagnosticAction-unsafe",
      apply: () => onFix(it.index, index),
    })),
  }));
  view.dispatch(setDiagnostics(view.state, diagnostics), { annotations: QUIET });
}

function explanation({ severity, word, message, why }) {
  const res = document.createElement("span");
  const line = (...parts) => {
    const it = document.createElement("p");
    it.append(...parts);
    res.append(it);
  };
  const name = Object.assign(document.createElement("b"), { className: `is-${severity}`, textContent: word });
  line(name, ": ", words(message));
  if (why) line(words(why));
  return res;
}

// Edits of any documents, in offsets of their texts as they are: one step to undo in each.
export function apply(editor, edits, label) {
  for (const name of new Set(edits.map((it) => it.file))) {
    const changes = edits.filter((it) => it.file === name).map((it) => ({ from: it.start, to: it.end, insert: it.insert }));
    const spec = { changes, annotations: isolateHistory.of("full"), userEvent: "input.fix", effects: EditorView.announce.of(label) };
    if (name === editor.shown) {
      editor.view.dispatch(spec);
    } else if (editor.documents.has(name)) {
      const { state } = editor.documents.get(name).update(spec);
      editor.documents.set(name, state);
      editor.changed(name, state.doc.toString());
    }
  }
  editor.view.focus();
}

export function goTo(editor, start, end) {
  const length = editor.view.state.doc.length;
  const [anchor, head] = [Math.min(start, length), Math.min(end, length)];
  editor.view.dispatch({ selection: { anchor, head }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
  editor.view.focus();
}

// Whether the caret is on screen. Where it is not, it is brought there.
export function caretIsVisible(editor) {
  const { view } = editor;
  const { head } = view.state.selection.main;
  const caret = view.coordsAtPos(head);
  const box = view.scrollDOM.getBoundingClientRect();
  const isVisible = caret && caret.bottom > Math.max(box.top, 0) && caret.top < Math.min(box.bottom, innerHeight);
  if (!isVisible) view.dispatch({ effects: EditorView.scrollIntoView(head, { y: "center" }) });
  return Boolean(isVisible);
}

// Takes the last step back in each of these documents.
export function undo(editor, names) {
  for (const name of names) {
    if (name === editor.shown) {
      undoStep(editor.view);
    } else if (editor.documents.has(name)) {
      undoStep({ state: editor.documents.get(name), dispatch: ({ state }) => editor.documents.set(name, state) });
      editor.changed(name, editor.documents.get(name).doc.toString());
    }
  }
  editor.view.focus();
}

export function focus(editor, at) {
  if (at !== undefined) editor.view.dispatch({ selection: { anchor: Math.min(at, editor.view.state.doc.length) } });
  editor.view.focus();
}
