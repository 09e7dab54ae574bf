// One esbuild step. Entries keep their names, lazy chunks carry a content hash; sizes are printed gzipped.
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const result = await build({
  entryPoints: { chat: "frontend/src/chat/main.ts", keys: "frontend/src/keys/main.ts", vectors: "frontend/src/vectors.ts" },
  outdir: "frontend/dist",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2023",
  minify: true,
  metafile: true,
  chunkNames: "chunks/[name]-[hash]",
});
for (const file of Object.keys(result.metafile.outputs)) {
  console.log(`${file} ${(gzipSync(readFileSync(file)).length / 1024).toFixed(1)} KB gzip`);
}
