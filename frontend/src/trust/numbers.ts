// Safety numbers of two people as this device sees them; a chunk of its own, for few pages need it.
import { type Bytes, equal, uuidBytes } from "../protocol/bytes";
import { safetyNumber } from "../protocol/safety_number";
import type { Person } from "./person";

/** The number with the identity that is accepted here, null where it is the current one, and the number of now. */
export async function safetyNumbers(mine: Person, theirs: Person): Promise<[before: string | null, now: string]> {
  const number = (identity: Bytes) => safetyNumber([mine.identity, uuidBytes(mine.user)], [identity, uuidBytes(theirs.user)]);
  const before = equal(theirs.acceptedIdentity, theirs.identity) ? null : await number(theirs.acceptedIdentity);
  return [before, await number(theirs.identity)];
}

/** Twelve groups of five digits. */
export function groupsOf(number: string): string[] {
  return number.match(/\d{5}/g) ?? [];
}

export const inGroups = (number: string): string => groupsOf(number).join(" ");
