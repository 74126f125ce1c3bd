// Why the page or its engine did not start, in sentences, and what to do about it.

export const FROM_DISK = "Browsers do not load the parts of this page from disk. Serve its folder with a web server, for example `python3 -m http.server`, and open that address.";
export const NO_WEBASSEMBLY = "WebAssembly is not available. A browser setting such as Lockdown Mode may turn it off: allow it for this page, or use another browser.";
export const SANDBOXED = "The embedding page sandboxes this page without `allow-same-origin`, and the server does not send `Access-Control-Allow-Origin: *`. Add either of them.";
export const SLOW = "It continues to load. A slow connection or a blocked file may be the cause.";

/** Why a file did not load, from the response to it, which is undefined where there was none. Nothing where it is the file. */
export function notLoaded(url, response) {
  const name = url.split("/").pop();
  if (!response) return `\`${name}\` did not load. The server cannot be reached, or an extension, a firewall, or a policy blocks the file.`;
  const reload = "A newer version of the page may have been published: reload the page.";
  if (!response.ok) return `The server answers ${response.status} for \`${name}\`. ${reload}`;
  // Servers of single-page applications answer with a page where a file is missing.
  if (response.headers.get("content-type")?.startsWith("text/html")) return `The server sends a web page instead of \`${name}\`. ${reload}`;
  return undefined;
}

export function unexpected(error) {
  const message = error?.message ?? String(error);
  if (/content security policy|unsafe-eval/i.test(message)) return "A content security policy of the server does not allow WebAssembly. It has to allow `'wasm-unsafe-eval'`.";
  return `An unexpected error occurred: ${message.replace(/\.$/, "")}.`;
}

/** An error whose message can be shown as it is. */
export function cause(message) {
  return Object.assign(new Error(message), { isCause: true });
}

/**
 * The response, if it is one; throws a sentence otherwise.
 * @param {string} url
 */
export async function get(url) {
  const response = await fetch(url).catch(() => undefined);
  const why = notLoaded(url, response);
  if (!response || why) throw cause(why ?? url);
  return response;
}

/** `names` in backticks become code. */
export function words(sentence) {
  const line = document.createElement("span");
  sentence.split("`").forEach((part, index) => {
    if (index % 2) line.append(Object.assign(document.createElement("code"), { textContent: part }));
    else line.append(part);
  });
  return line;
}
