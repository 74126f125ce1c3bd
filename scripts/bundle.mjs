// Makes one file without imports of the page's JavaScript, before Trunk builds.
import { build } from "esbuild";

await build({
  entryPoints: ["src/ui/js/main.js"],
  outfile: "js/page.js",
  bundle: true,
  minify: process.env.TRUNK_PROFILE !== "debug",
  format: "esm",
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
});
