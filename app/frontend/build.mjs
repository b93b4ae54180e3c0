// Bundles the scripts into files named after their content, with a list of them and the licences of what is in them.
// node build.mjs FOLDER DIGEST: where to, and the digest of the sources, by which the build hook knows its work is done.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";

const ENTRIES = ["query.js"];
const LICENCE = /^(licen[cs]e|copying|notice)/i;

const [folder = "dist", digest = ""] = process.argv.slice(2);

const made = await build({
  entryPoints: ENTRIES,
  outdir: folder,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  legalComments: "none",
  metafile: true,
  write: false,
  logLevel: "warning",
  logOverride: { "direct-eval": "silent" }, // of htmx, switched off by allowEval and by the Content Security Policy
});

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const files = {};
for (const { path, contents } of made.outputFiles) {
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 12);
  const name = basename(path).replace(/\.js$/, `-${hash}.js`);
  writeFileSync(join(folder, name), contents);
  files[basename(path)] = name;
}

const packages = new Set();
for (const input of Object.keys(made.metafile.inputs)) {
  const found = input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//);
  if (found) packages.add(found[1]);
}
const notices = [...packages].sort().map((where) => {
  const { name, version, license } = JSON.parse(readFileSync(join(where, "package.json"), "utf8"));
  const text = readdirSync(where).filter((file) => LICENCE.test(file)).map((file) => readFileSync(join(where, file), "utf8").trim());
  return `${name} ${version} (${license})\n\n${text.join("\n\n")}\n`;
});
writeFileSync(join(folder, "THIRD-PARTY-LICENSES.txt"), notices.join(`\n${"-".repeat(78)}\n\n`));

// Last: where it stands, all of it stands.
writeFileSync(join(folder, "manifest.json"), JSON.stringify({ sources: digest, files }, null, 1) + "\n");
