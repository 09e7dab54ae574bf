// A file of its own so that the fallback becomes a lazy chunk with nothing else in it.
export { KDF_HKDF_SHA256, AEAD_AES_256_GCM, KEM_MLKEM768_X25519 } from "@panva/hpke-noble";
