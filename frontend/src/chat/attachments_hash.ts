// SHA-256 of a file that is there piece by piece. WebCrypto wants the whole at once and copies it first, on the page: with
// 24 MiB nobody can type meanwhile.
import { type Bytes, encode64 } from "../protocol/bytes";
import { Pace } from "./pace";

const READ = 1024 * 1024;
const STEP = 128 * 1024;

class FileHash {
  readonly #pace = new Pace();

  private constructor(private readonly hash: { update(data: Bytes): unknown; digest(): Uint8Array }) {}

  static async begin(): Promise<FileHash> {
    const { sha256 } = await import("../protocol/sha256");
    return new FileHash(sha256.create());
  }

  /** The next piece, a little at a time. */
  async add(piece: Bytes): Promise<void> {
    for (let i = 0; i < piece.length; i += STEP) {
      this.hash.update(piece.subarray(i, i + STEP));
      await this.#pace.rest();
    }
  }

  /** Of all that was added, base64url. Once. */
  end(): string {
    return encode64(new Uint8Array(this.hash.digest()));
  }
}

/** The same of a whole blob. */
export async function hashOf(blob: Blob): Promise<string> {
  const hash = await FileHash.begin();
  for (let i = 0; i < blob.size; i += READ) await hash.add(new Uint8Array(await blob.slice(i, i + READ).arrayBuffer()));
  return hash.end();
}
