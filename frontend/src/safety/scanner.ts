// Reading a QR code with the camera, where the browser can (Shape Detection API); elsewhere digits are typed.

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

const LOOK_EVERY_MS = 200;

export class Scanner {
  private constructor(private readonly video: HTMLVideoElement, private readonly detector: Detector) {}

  /** Null where the browser has no camera for pages, or reads no QR codes. */
  static async find(video: HTMLVideoElement): Promise<Scanner | null> {
    const Found = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
    if (!Found || !("mediaDevices" in navigator)) return null;
    const formats = await Found.getSupportedFormats().catch((): string[] => []);
    return formats.includes("qr_code") ? new Scanner(video, new Found({ formats: ["qr_code"] })) : null;
  }

  /** The text of the first code in sight. Rejects without a camera, or when the person refuses it. */
  async scan(): Promise<string> {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    try {
      this.video.srcObject = stream;
      this.video.hidden = false;
      await this.video.play();
      for (;;) {
        const found = await this.detector.detect(this.video);
        if (found[0]) return found[0].rawValue;
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    } finally {
      for (const track of stream.getTracks()) track.stop();
      this.video.hidden = true;
    }
  }
}
