// Pictures are drawn anew: upright, without metadata, at most 2048 px; and once more, tiny, to be shown blurred.

const SIDE_MAX = 2048;
const PREVIEW_SIDE = 32;

export interface Drawn {
  whole: Blob;
  preview: Blob;
  width: number;
  height: number;
  previewWidth: number;
  previewHeight: number;
}

/** Throws where the browser cannot read the picture. */
export async function drawAnew(file: Blob): Promise<Drawn> {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  try {
    const whole = await draw(bitmap, SIDE_MAX, 0.86);
    const preview = await draw(bitmap, PREVIEW_SIDE, 0.6);
    return {
      whole: whole.blob, width: whole.width, height: whole.height,
      preview: preview.blob, previewWidth: preview.width, previewHeight: preview.height,
    };
  } finally {
    bitmap.close();
  }
}

async function draw(bitmap: ImageBitmap, side: number, quality: number): Promise<{ blob: Blob; width: number; height: number }> {
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, width, height);
  const webp = await canvas.convertToBlob({ type: "image/webp", quality });
  if (webp.type === "image/webp") return { blob: webp, width, height };
  // A browser that writes no WebP; JPEG knows no transparency.
  pen.globalCompositeOperation = "destination-over";
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  return { blob: await canvas.convertToBlob({ type: "image/jpeg", quality }), width, height };
}
