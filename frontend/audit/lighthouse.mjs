// node lighthouse.mjs <url> <mobile|desktop> <debugging port> <report.json>
// One page by the Chromium that listens on the port. Its cookies and keys stay: storage is only cleared of caches.
import { writeFileSync } from "node:fs";
import lighthouse from "lighthouse";
import desktop from "lighthouse/core/config/desktop-config.js";

const [url, form, port, path] = process.argv.slice(2);
const flags = { port: Number(port), output: "json", logLevel: "error" };
const result = await lighthouse(url, flags, form === "desktop" ? desktop : undefined);
if (!result) throw new Error("no result");
writeFileSync(path, result.report);
