// The servers that judge. One more is one more line here, and a module like its neighbours.
//
// A server is: `id`, unique; `target`, whose generator writes for it; `find()`, where it is and which version;
// `offers`, what of `http2`, `http3`, `gzip`, `users` and `ranges` it is asked for beyond what all must do; `naive`, what
// guides recommend for it, what that breaks, and, as `tires`, what it has not the patience for; `runsOnLoopback(it)`,
// whether it can be judged without namespaces; `readsServices`, whether it wants the merged project;
// `isForHttp3`, whether it is there for HTTP/3 alone, which the others of its kind do not speak; `isOlderThanImage`, whether the page writes for a newer one wherever it is a service; `usesPublished(it)`, whether it
// reaches services by the host's ports; `follows(it)`, whether it follows a container to a new address; and `prepare(it, stage, addressOf)`,
// which puts everything in its place and answers `{ isSecure, certificate, challenge, start }`.
//
// Where it offers users or ranges, it is asked to guard sites; a site that wants what it does not offer must be shut.

import { APACHE } from "./apache.mjs";
import { CADDY, OLD_CADDY } from "./caddy.mjs";
import { ENVOY } from "./envoy.mjs";
import { HAPROXY, QUIC_HAPROXY } from "./haproxy.mjs";
import { NEW_NGINX, NGINX, OLD_NGINX, QUIC_NGINX } from "./nginx.mjs";
import { TRAEFIK, TRAEFIK_FILE } from "./traefik.mjs";

export const SERVERS = [OLD_NGINX, NGINX, NEW_NGINX, QUIC_NGINX, OLD_CADDY, CADDY, HAPROXY, QUIC_HAPROXY, APACHE, TRAEFIK, TRAEFIK_FILE, ENVOY];
