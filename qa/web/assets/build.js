// Bundles everything the pages load into ../static, under names that carry a hash of the content.
//
// Each script, stylesheet and drawing directly in src/ becomes one file; what lies in folders below is only
// imported. manifest.json maps the plain names to the hashed ones for the server.

import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";

const out = join(import.meta.dirname ?? process.cwd(), "..", "static");
const entries = readdirSync("src", { withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(js|css|svg)$/.test(entry.name))
  .map((entry) => `src/${entry.name}`);

rmSync(out, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: entries,
  outdir: out,
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  bundle: true,
  format: "esm",
  splitting: true,
  minify: true,
  sourcemap: false,
  legalComments: "eof",
  target: ["chrome100", "firefox100", "safari15.4"],
  loader: { ".svg": "copy" },
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [path, output] of Object.entries(metafile.outputs)) {
  const source = output.entryPoint ?? Object.keys(output.inputs).find((input) => input.endsWith(".svg"));
  if (source) manifest[basename(source)] = basename(path);
}
const sorted = Object.fromEntries(Object.entries(manifest).sort());
writeFileSync(join(out, "manifest.json"), `${JSON.stringify(sorted, null, 1)}\n`);

const used = JSON.parse(readFileSync("package.json", "utf-8")).dependencies;
const licences = Object.entries(used).map(([name, version]) => {
  const folder = join("node_modules", name);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf-8").trim()}\n`;
});
writeFileSync(join(out, "licences.txt"), licences.join(`\n${"-".repeat(80)}\n\n`));
