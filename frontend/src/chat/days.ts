// Days, times and spans in the viewer's zone and language.
import { language, say, type Texts } from "../texts";

const DAY_MS = 86_400_000;

const time = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" });
const day = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
const dayOfYear = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", year: "numeric" });
const together = new Intl.ListFormat(language, { type: "unit", style: "narrow" });

const UNITS = (["day", "hour", "minute"] as const).map((unit) => {
  const unitDisplay = unit === "day" ? "long" : "short";
  return { minutes: { day: 1440, hour: 60, minute: 1 }[unit], number: new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay }) };
});

export const timeOf = (ms: number): string => time.format(ms);
export const momentOf = (ms: number): string => moment.format(ms);

/** The same for all moments of one day. */
export const dayKey = (ms: number): string => new Date(ms).toDateString();

/** "Today", "Yesterday", a weekday with its date, or a date with its year. */
export function dayLabel(ms: number, texts: Texts, nowMs = Date.now()): string {
  if (dayKey(ms) === dayKey(nowMs)) return say(texts, "today");
  if (dayKey(ms) === dayKey(new Date(nowMs).setHours(-12))) return say(texts, "yesterday");
  return (nowMs - ms > 300 * DAY_MS ? dayOfYear : day).format(ms);
}

/** How long that is, in one or two units: "2 days 23 hr". Never less than a minute. */
export function span(ms: number): string {
  const minutes = Math.max(1, Math.ceil(ms / 60_000));
  const first = UNITS.findIndex((unit) => minutes >= unit.minutes);
  let rest = minutes;
  const parts: string[] = [];
  for (const unit of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / unit.minutes);
    rest %= unit.minutes;
    if (count > 0) parts.push(unit.number.format(count));
  }
  return together.format(parts);
}
