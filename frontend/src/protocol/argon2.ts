// Lazy: WebAssembly, only needed for a passphrase slot.
export { argon2id } from "hash-wasm";
