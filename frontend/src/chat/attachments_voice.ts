// Recording a voice note: level, time, cancel; five minutes at most.
import { part } from "./parts";
import { clockText } from "./attachments_kinds";

const LONGEST_MS = 5 * 60_000;
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

export interface Recorded {
  blob: Blob;
  mime: string;
  ms: number;
}

/** Record until one of the bar's buttons is pressed; null where it was cancelled. Throws where there is no microphone. */
export async function record(bar: HTMLElement): Promise<Recorded | null> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
  const recorder = new MediaRecorder(stream, { ...(type ? { mimeType: type } : {}), audioBitsPerSecond: 32_000 });
  const pieces: Blob[] = [];
  recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
  const began = performance.now();
  const show = meter(bar, stream, began);
  bar.hidden = false;
  part(bar, "voice-done").focus();
  recorder.start(1_000);
  const isKept = await decision(bar, recorder);
  const ms = Math.round(performance.now() - began);
  show.stop();
  bar.hidden = true;
  await stopped(recorder);
  for (const track of stream.getTracks()) track.stop();
  const mime = recorder.mimeType.split(";")[0] ?? "audio/webm";
  return isKept ? { blob: new Blob(pieces, { type: mime }), mime, ms } : null;
}

/** True by "done" or when the time is over, false by "cancel" and Escape. */
function decision(bar: HTMLElement, recorder: MediaRecorder): Promise<boolean> {
  const over = new AbortController();
  const { signal } = over;
  return new Promise<boolean>((resolve) => {
    part(bar, "voice-done").addEventListener("click", () => resolve(true), { signal });
    part(bar, "voice-cancel").addEventListener("click", () => resolve(false), { signal });
    bar.addEventListener("keydown", (event) => event.key === "Escape" && resolve(false), { signal });
    recorder.addEventListener("stop", () => resolve(true), { signal }); // the microphone was taken away
    setTimeout(() => resolve(true), LONGEST_MS);
  }).finally(() => over.abort());
}

function stopped(recorder: MediaRecorder): Promise<void> {
  if (recorder.state === "inactive") return Promise.resolve();
  return new Promise((resolve) => {
    recorder.addEventListener("stop", () => resolve(), { once: true });
    recorder.stop();
  });
}

function meter(bar: HTMLElement, stream: MediaStream, began: number): { stop(): void } {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(stream).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  const level = part<HTMLProgressElement>(bar, "voice-level");
  const time = part(bar, "voice-time");
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(wave);
    const loudness = Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0) / wave.length);
    level.value = Math.min(1, loudness * 4);
    time.textContent = clockText(performance.now() - began);
  }, 100);
  return {
    stop() {
      clearInterval(timer);
      void context.close();
      level.value = 0;
      time.textContent = clockText(0);
    },
  };
}
