// What is generated and judged: three projects, wherever a proxy may run, however it gets its certificates.

import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

import { here } from "./programs.mjs";

const MEBIBYTE = 1 << 20;

/** The password's hash as `htpasswd -nbB admin 'correct horse'` prints it. */
const USER = {
  user: { name: "admin", password: "correct horse" },
  access: ["admin:$2y$05$Gu8MZNd17/VpMJMMFqmsj.RWB.RUqPzQ8M80eauAh4YGbwX9TzgFq"],
};
/** The tests ask from 127.0.0.1. */
const HOLDS_US = { isRanged: true, access: ["192.0.2.7", "127.0.0.0/8"] };
const SHUTS_US_OUT = { isShut: true, isRanged: true, access: ["10.0.0.0/8", "fd00::/8"] };

export const API = { service: "backend", port: 3210, published: 3210, host: "api.example.com", upload: 30 * MEBIBYTE, closed: "/metrics" };
export const ACTIONS = { service: "backend", port: 3211, published: 3211, host: "actions.example.com", closed: "/metrics" };
export const DASHBOARD = { service: "dashboard", port: 6791, published: 6791, host: "dashboard.example.com", isText: true };
export const SHOP = { service: "web", port: 3000, published: 8080, host: "shop.example.com", isText: true };

const OPEN = [
  { example: "convex-upstream", sites: [API, ACTIONS, DASHBOARD] },
  { example: "web-app", sites: [SHOP] },
];

/** The first of them, by the name that the page has for it. */
const ON_PAGE = { example: "convex-upstream", title: "As its makers ship it", isFromPage: true };

/** Sites that the project says itself; behind one of them a service speaks TLS. */
const SAID = {
  file: "said.yaml",
  tls: "off",
  sites: [
    SHOP,
    { ...SHOP, host: "www.example.com" },
    { service: "safe", port: 8443, published: 8443, host: "safe.example.com", isText: true, isTls: true },
    { service: "host", port: 7070, published: 7070, host: "host.example.com", isText: true, isRanged: true, isOnHost: true },
  ],
};

/** Paths of one host name that lead to several services. */
const BELOW = { service: "web", port: 3000, published: 8080, host: "shop.example.com", isText: true };
const PATHS = {
  file: "paths.yaml",
  sites: [
    { ...BELOW, besides: ["/admin", "/api"] },
    guarded({ ...BELOW, prefix: "/admin" }, USER),
    guarded({ ...BELOW, prefix: "/team/board" }, USER),
    guarded({ ...BELOW, prefix: "/inside/only" }, SHUTS_US_OUT),
    { ...BELOW, service: "open", port: 3004, published: 8084, prefix: "/admin/open" },
    { ...BELOW, service: "api", port: 3001, published: 8081, prefix: "/api", strips: true },
    { ...BELOW, service: "deep", port: 3002, published: 8082, prefix: "/api/v2.0" },
    { ...BELOW, service: "guide", port: 3003, published: 8083, host: "docs.example.com", prefix: "/guide", strips: true, leadsNowhereElse: true },
  ],
};

/** One of the users from one of the ranges: both must hold. */
const GUARDED = [
  ...[
    { place: "host", tls: "off" },
    { place: "network", tls: "files" },
  ].map((it) => ({
    ...it,
    example: "convex-upstream",
    sites: [guarded(API, HOLDS_US), guarded(ACTIONS, SHUTS_US_OUT), guarded(DASHBOARD, USER)],
  })),
  { place: "network", tls: "off", example: "web-app", sites: [guarded(SHOP, USER, HOLDS_US)] },
  { place: "host", tls: "files", example: "web-app", sites: [guarded(SHOP, USER, SHUTS_US_OUT)] },
];

/** With HTTP/3, where it is spoken: what else there is must be as it was. */
const BY_HTTP3 = [
  { ...OPEN[1], place: "host", tls: "acme", name: "web-app, host, tls acme, HTTP/3" },
  { ...GUARDED[1], name: "convex-upstream, network, tls files, guarded, HTTP/3" },
].map((it) => ({ ...it, http3: true }));

/** All cases of a server, each with what `serve.mjs` needs but the files. */
export function casesOf({ id, target, offers, naive, isForHttp3 }) {
  const open = OPEN.flatMap(({ example, sites }) =>
    ["host", "network"].flatMap((place) =>
      ["off", "acme", "files"].map((tls) => ({ name: `${example}, ${place}, tls ${tls}`, example, place, tls, sites })),
    ),
  );
  const said = ["host", "network"].map((place) => ({ ...SAID, place, name: `said by the project itself, ${place}` }));
  const paths = [
    { place: "host", tls: "files" },
    { place: "network", tls: "off" },
  ].map((it) => ({ ...PATHS, ...it, name: `paths of one host name, ${it.place}, tls ${it.tls}` }));
  const canGuard = offers.includes("users") || offers.includes("ranges");
  const closed = (canGuard ? GUARDED : []).map((it) => ({
    ...it,
    name: `${it.example}, ${it.place}, tls ${it.tls}, guarded`,
  }));
  const asOffered = (site) => {
    const lacks = (site.user && !offers.includes("users")) || (site.isRanged && !offers.includes("ranges"));
    return lacks ? { ...site, isMissing: true } : site;
  };
  const broken = naive.map((it) => ({ ...asGuidesSay(it), name: "what guides recommend breaks where it must" }));
  const plain = isForHttp3 ? [] : [...open, ...said, ...paths, ...closed, ...broken];
  return [...plain, ...(offers.includes("http3") ? BY_HTTP3 : [])].map((it) => {
    const sites = named(it.sites.map(asOffered));
    return { ...it, server: id, target, offers, sites };
  });
}

/** Which certbot gets certificates for which server, by the steps. */
const RENEWALS = { "nginx, old": ["old"], nginx: ["debian"], apache: ["debian", "old"], haproxy: ["debian", "old"], envoy: ["debian"] };

/** Certificates as the steps say, issued and renewed. */
export function renewalCasesOf({ id, target, offers }) {
  const sites = named([SHOP, { ...SHOP, service: "shop", port: 8080, published: 8081, host: "www.example.com" }]);
  return (RENEWALS[id] ?? []).flatMap((certbot) =>
    ["host", "network"].map((place) => {
      const name = `certificates, ${place}, certbot ${certbot}`;
      return { name, isRenewal: true, certbot, server: id, target, offers, place, tls: "acme", sites, file: "renewal.yaml" };
    }),
  );
}

/** What is copied from the page, for the host names that are typed there. */
export function pageCasesOf({ id, target, offers, isOlderThanImage, isForHttp3 }) {
  if (isForHttp3) return [];
  const sites = named(OPEN[0].sites.map((it) => ({ ...it, host: it.host.replace("example.com", "shop.example.org") })));
  const chosen = [
    { place: "host", tls: "off" },
    { place: "host", tls: "files" },
    { place: "network", tls: "off" },
  ];
  return chosen
    .filter(({ place }) => place === "host" || !isOlderThanImage)
    .map((it) => ({ ...ON_PAGE, ...it, name: `from the page, ${it.place}, tls ${it.tls}`, server: id, target, offers, sites }));
}

/** What must outlast a minute of silence, and what guides recommend, which must not. */
export function patientCasesOf({ id, target, offers, naive, isForHttp3 }) {
  if (isForHttp3) return [];
  const open = { ...OPEN[0], name: "convex-upstream, host", place: "host", tls: "off" };
  const broken = naive
    .filter(({ tires }) => tires)
    .map(({ tires, ...it }) => ({
      ...asGuidesSay(it),
      name: "what guides recommend gives up where it must",
      breaks: tires,
      // nginx leaves a service that was slow alone for ten seconds, where its name has two addresses, as `localhost`.
      mayBreak: ["takes an upload that takes its time"],
    }));
  return [open, ...broken].map((it) => ({ ...it, isPatient: true, server: id, target, offers, sites: named(it.sites) }));
}

/** Every Compose file below `folder`: whatever a server is given for it, it takes. */
export function foreignCasesOf({ id, target, offers, isForHttp3 }, folder) {
  if (isForHttp3) return [];
  const files = readdirSync(folder, { recursive: true }).filter((name) => /\.ya?ml$/.test(name));
  return files.sort().flatMap((name) =>
    ["host", "network"].map((place) => {
      const file = path.resolve(folder, name);
      return { name: `${name}, ${place}`, isForeign: true, server: id, target, offers, file, place, tls: "off", sites: [] };
    }),
  );
}

function asGuidesSay({ file, ...it }) {
  const files = [{ name: file, text: readFileSync(path.join(here, file), "utf8") }];
  return { ...it, example: "convex-upstream", tls: "off", sites: OPEN[0].sites, files };
}

function guarded(site, ...guards) {
  return { ...Object.assign({}, site, ...guards), access: guards.flatMap(({ access }) => access) };
}

function named(sites) {
  return sites.map((site) => ({ ...site, name: `${site.service}:${site.port}` }));
}
