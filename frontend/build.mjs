// One esbuild step for scripts and styles. Entries keep their names, lazy chunks carry a content hash; sizes are printed gzipped.
import { build } from "esbuild";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { gzipSync } from "node:zlib";

const out = "frontend/dist";
rmSync(out, { recursive: true, force: true });
const result = await build({
  entryPoints: {
    chat: "frontend/src/chat/main.ts",
    live: "frontend/src/live/main.ts",
    keys: "frontend/src/keys/main.ts",
    planned: "frontend/src/planned/main.ts",
    "planned-inbox": "frontend/src/planned/inbox.ts",
    safety: "frontend/src/safety/main.ts",
    passkeys: "frontend/src/passkeys/main.ts",
    places: "frontend/src/places/main.ts",
    pictures: "frontend/src/pictures/main.ts",
    payment: "frontend/src/payment.ts",
    verification: "frontend/src/verification.ts",
    staff: "frontend/src/staff.ts",
    app: "frontend/src/app.ts",
    push: "frontend/src/push.ts",
    "api-docs": "frontend/src/api-docs.ts",
    vectors: "frontend/src/vectors.ts",
    main: "frontend/css/main.css",
    admin: "frontend/css/admin.css",
    "api-docs-style": "frontend/css/api-docs.css",
  },
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2023",
  minify: true,
  metafile: true,
  loader: { ".woff2": "file" },
  // Fonts keep their names: pages preload them.
  assetNames: "fonts/[name]",
  chunkNames: "chunks/[name]-[hash]",
});
// The worker is one plain script: the server puts its texts in front and serves it at the root (pairly/site/installable.py).
const worker = await build({
  entryPoints: { "service-worker": "frontend/worker/main.ts" },
  outdir: out,
  bundle: true,
  format: "iife",
  target: "es2023",
  minify: true,
  metafile: true,
});

mkdirSync(`${out}/art`, { recursive: true });
for (const name of readdirSync("frontend/art")) copyFileSync(`frontend/art/${name}`, `${out}/art/${name}`);

for (const file of Object.keys({ ...result.metafile.outputs, ...worker.metafile.outputs }).filter((name) => !name.endsWith(".woff2"))) {
  console.log(`${file} ${(gzipSync(readFileSync(file)).length / 1024).toFixed(1)} KB gzip`);
}
