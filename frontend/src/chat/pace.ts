// Long work in short pieces: between two of them the browser takes what is typed and draws.

const PIECE_MS = 5;

interface Scheduling {
  scheduler?: { postTask?: (job: () => void, options: { priority: "background" }) => Promise<void> };
}

/** In the background, behind keys and frames: `scheduler.yield` would go on before the browser has drawn. */
function breathe(): Promise<void> {
  const scheduler = (globalThis as Scheduling).scheduler;
  if (scheduler?.postTask) return scheduler.postTask(() => {}, { priority: "background" });
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve();
    port2.postMessage(null);
  });
}

export class Pace {
  #began = performance.now();

  get isTired(): boolean {
    return performance.now() - this.#began > PIECE_MS;
  }

  /** To be awaited between two steps: goes on at once while the piece is short. */
  async rest(): Promise<void> {
    if (!this.isTired) return;
    await breathe();
    this.#began = performance.now();
  }
}
