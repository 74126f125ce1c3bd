// YAML for the editor: colours, how far a new line is indented, and what folds.
//
// It reads line by line and keeps what the next line must know. A grammar would be ten kilobytes more
// to load, and what the text means is the engine's to say.

import { StreamLanguage, foldService } from "@codemirror/language";

export const yaml = () => [language, foldService.of(fold)];

const language = StreamLanguage.define({
  name: "yaml",
  // `column`: where the innermost mapping or sequence stands. `flow`: the brackets that are open.
  startState: () => ({ column: -1, isHead: true, quote: null, block: null, flow: null, justOpened: false }),
  token,
  indent,
  languageData: { commentTokens: { line: "#" }, indentOnInput: /^\s*[\]}]$/ },
});

const PLAIN = /^(?:[^\s:]|:(?=\S)|\s+(?=[^\s#:]|:\S))+/;
const PLAIN_IN_FLOW = /^(?:[^\s:,[\]{}]|:(?=[^\s,[\]{}])|\s+(?=[^\s#:,[\]{}]|:[^\s,[\]{}]))+/;

function token(stream, state) {
  if (stream.sol()) {
    const { block } = state;
    const indent = stream.indentation();
    if (block && indent > block.under) {
      state.block = { under: block.under, indent: block.indent ?? indent };
      stream.skipToEnd();
      return null;
    }
    state.block = null;
    state.justOpened = false;
    state.isHead = !state.flow && !state.quote;
    if (state.isHead && stream.match(/^(?:(?:---|\.\.\.)(?=\s|$)|%.*)/)) {
      state.column = -1;
      return "meta";
    }
  }
  if (state.quote) return quoted(stream, state);
  if (stream.eatSpace()) return null;
  const next = stream.peek();
  const { flow, isHead } = state;
  const column = stream.column();
  if (next === "#") {
    if (isHead) state.column = column;
    stream.skipToEnd();
    return "comment";
  }
  if (state.justOpened) state.flow = { ...flow, inside: column, closing: flow.column };
  state.justOpened = false;
  if (stream.match(/^[-?](?=\s|$)/)) {
    if (isHead) state.column = column;
    return "separator";
  }
  state.isHead = false;
  if (stream.match(/^[&*][^\s,[\]{}]+/)) return "labelName";
  if (stream.match(/^![^\s,[\]{}]*/)) return "typeName";
  if (stream.match(flow ? /^[:,]/ : /^:(?=\s|$)/)) return "separator";
  if (stream.match(/^[[{]/)) {
    const closing = stream.indentation();
    state.flow = { column, inside: closing + stream.indentUnit, closing, outer: flow };
    state.justOpened = true;
    return "bracket";
  }
  if (flow && stream.match(/^[\]}]/)) {
    state.flow = flow.outer;
    return "bracket";
  }
  if (!flow && stream.match(/^[|>][-+1-9]*(?=\s*(?:#|$))/)) {
    state.block = { under: state.column, indent: null };
    return "string";
  }

  const isQuoted = next === '"' || next === "'";
  if (isQuoted) {
    state.quote = stream.next();
    quoted(stream, state);
  } else if (!stream.match(flow ? PLAIN_IN_FLOW : PLAIN)) stream.next();
  if (!stream.match(flow ? /^\s*:(?=[\s,[\]{}]|$)/ : /^\s*:(?=\s|$)/, false)) return isQuoted ? "string" : null;
  if (isHead) state.column = column;
  return "propertyName";
}

function quoted(stream, state) {
  if (stream.match(state.quote === '"' ? /^(?:[^"\\]|\\.)*"/ : /^[^']*'/)) state.quote = null;
  else stream.skipToEnd();
  return "string";
}

// Null leaves a line where the one before it is.
function indent({ column, quote, block, flow }, after, context) {
  const { text } = context.lineAt(context.pos, -1);
  if (quote || text.trim() === "") return null;
  if (flow) return /^[\]}]/.test(after) ? flow.closing : flow.inside;
  if (block) return block.indent ?? Math.max(column, 0) + context.unit;
  return column < 0 ? null : column;
}

// What stands deeper than a line, and what belongs to it though it does not: a list under its key, a closing bracket.
function fold({ doc }, from, to) {
  const { number, text } = doc.lineAt(from);
  const depth = text.search(/\S/);
  if (depth < 0 || text[depth] === "#" || number === doc.lines) return null;
  const alsoInside = /^\s*-(\s|$)/.test(text) ? /^\s*[\]}]/ : /^\s*([\]}]|-(\s|$))/;
  let end = to;
  let read = to;
  for (const line of doc.iterLines(number + 1)) {
    read += 1 + line.length;
    const here = line.search(/\S/);
    if (here > depth || (here === depth && alsoInside.test(line))) end = read;
    else if (here >= 0 && line[here] !== "#") break;
  }
  return end > to ? { from: to, to: end } : null;
}
