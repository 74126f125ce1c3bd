// The program of a stand-in image: a server on each port of `LISTENS`, which answers with what it saw of a request.

import { startBackend } from "./backend.mjs";

for (const port of process.env.LISTENS.split(" ")) await startBackend(port, "0.0.0.0", Number(port));
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit());
