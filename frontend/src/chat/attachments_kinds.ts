// Which files may be sent, and what is shown of those that come. Everything that is not on the list is a plain download.
import type { AttachmentPart } from "../protocol/envelope";

/** Kinds by MIME type with the endings that their names may have. No HTML, SVG, XML or script: browsers run them. */
const ENDINGS: Record<string, string[]> = {
  "image/jpeg": ["jpg", "jpeg"],
  "image/png": ["png"],
  "image/webp": ["webp"],
  "image/gif": ["gif"],
  "audio/webm": ["webm", "weba"],
  "audio/ogg": ["ogg", "oga", "opus"],
  "audio/mp4": ["m4a", "mp4"],
  "audio/mpeg": ["mp3"],
  "video/mp4": ["mp4"],
  "video/webm": ["webm"],
  "application/pdf": ["pdf"],
  "text/plain": ["txt"],
  "application/zip": ["zip"],
  "application/msword": ["doc"],
  "application/vnd.ms-excel": ["xls"],
  "application/vnd.ms-powerpoint": ["ppt"],
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ["docx"],
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ["xlsx"],
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": ["pptx"],
  "application/vnd.oasis.opendocument.text": ["odt"],
  "application/vnd.oasis.opendocument.spreadsheet": ["ods"],
  "application/vnd.oasis.opendocument.presentation": ["odp"],
};
const OTHER_NAMES: Record<string, string> = { "audio/x-m4a": "audio/mp4", "audio/mp3": "audio/mpeg", "application/x-zip-compressed": "application/zip" };

export const ACCEPT = [...Object.keys(ENDINGS), ...Object.values(ENDINGS).flat().map((ending) => `.${ending}`)].join(",");
export const OCTETS = "application/octet-stream";
/** The name of a picture's small blurred copy, which stands right behind it. */
export const PREVIEW = "preview";
/** Attachments of one message, previews included (e2e section 2.1). */
export const AT_MOST = 8;

const NAME_MAX = 100;
const SIDE_MAX = 20_000;
// Separators of paths, what Windows refuses, controls, and marks that turn the direction of text around.
const UNFIT = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}/\\:*?"<>|]/gu;

export type Look = "picture" | "voice" | "file";

const endingOf = (name: string): string => (/\.([a-z0-9]{1,8})$/i.exec(name)?.[1] ?? "").toLowerCase();

/** The MIME type that a file may be sent as, or null: its type and the ending of its name must belong together. */
export function sendableType(name: string, type: string): string | null {
  const ending = endingOf(name);
  const plain = type.split(";")[0]!.trim().toLowerCase();
  const mime = OTHER_NAMES[plain] ?? plain;
  if (mime) return ENDINGS[mime]?.includes(ending) ? mime : null;
  return Object.keys(ENDINGS).find((known) => ENDINGS[known]!.includes(ending)) ?? null;
}

export function cleanName(name: string): string {
  const clean = name.normalize("NFC").replace(UNFIT, " ").replace(/\s+/g, " ").replace(/^[ .]+|[ .]+$/g, "");
  if (clean.length <= NAME_MAX) return clean || "file";
  const ending = endingOf(clean);
  return ending ? `${clean.slice(0, NAME_MAX - ending.length - 1)}.${ending}` : clean.slice(0, NAME_MAX);
}

/** An attachment of a message that was opened, as it is safe to show: whoever wrote it chose every value of it. */
export interface Safe {
  sha256: string;
  len: number;
  key: string;
  mime: string;
  name: string;
  look: Look;
  width: number;
  height: number;
  ms: number;
  preview: Safe | null;
}

const whole = (value: unknown, most: number): number => (Number.isInteger(value) && (value as number) > 0 && (value as number) <= most ? (value as number) : 0);

function safe(part: AttachmentPart): Safe {
  const type = typeof part.mime === "string" && part.mime in ENDINGS ? part.mime : OCTETS;
  const width = whole(part.w, SIDE_MAX);
  const height = whole(part.h, SIDE_MAX);
  const look = type.startsWith("image/") && width && height ? "picture" : type.startsWith("audio/") ? "voice" : "file";
  let name = cleanName(String(part.name));
  // What is saved keeps no ending that a browser or the system would run.
  if (!ENDINGS[type]?.includes(endingOf(name))) name = `${name}.${ENDINGS[type]?.[0] ?? "bin"}`;
  return { sha256: part.sha256, len: part.len, key: String(part.key), mime: type, name, look, width, height, ms: whole(part.ms, 86_400_000), preview: null };
}

/** The attachments of a message, each picture with its preview. */
export function readParts(parts: AttachmentPart[]): Safe[] {
  const found: Safe[] = [];
  for (const part of parts) {
    const one = safe(part);
    const before = found.at(-1);
    if (part.name === PREVIEW && one.look === "picture" && before?.look === "picture" && !before.preview) before.preview = one;
    else found.push(one);
  }
  return found;
}

export function bytesText(n: number, language: string): string {
  const [value, unit] = n < 1000 ? [n, "byte"] : n < 1_000_000 ? [n / 1000, "kilobyte"] : [n / 1_000_000, "megabyte"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

export function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
