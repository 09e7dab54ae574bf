// A file of its own so that it becomes a lazy chunk with nothing else in it.
export { sha256 } from "@noble/hashes/sha2.js";
