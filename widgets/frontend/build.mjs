// One ES module and one style sheet, which every host gets unchanged, and the licences of what is in them.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import * as esbuild from "esbuild";

const OUT = "../static";
const options = {
  entryPoints: { index: "src/index.tsx" },
  outdir: OUT,
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  minify: true,
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
  metafile: true,
};

/** The text of each bundled package's licence: its file, else what the code says at its head. */
function licences(inputs) {
  const packages = new Map(
    inputs.flatMap((path) => {
      const name = path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1];
      return name ? [[name, path]] : [];
    }),
  );
  return [...packages].sort().map(([name, path]) => {
    const folder = `node_modules/${name}`;
    const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const text = file
      ? readFileSync(`${folder}/${file}`, "utf8")
      : readFileSync(path, "utf8").match(/^\s*\/\*[^]*?licen[cs]e[^]*?\*\//i)?.[0];
    if (!text) throw new Error(`${name} comes without its licence`);
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
}

if (process.argv.includes("--watch")) {
  const context = await esbuild.context({ ...options, minify: false, sourcemap: "inline" });
  await context.watch();
} else {
  const { metafile } = await esbuild.build(options);
  const texts = licences(Object.keys(metafile.inputs));
  writeFileSync(`${OUT}/LICENSES.txt`, `Bundled into index.js:\n\n${texts.join("\n---\n\n")}`);
}
