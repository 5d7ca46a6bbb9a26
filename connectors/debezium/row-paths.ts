/** Where an envelope has the row after a change, and the row before it. */
export const AFTER = "after";
export const BEFORE = "before";

/** True for the path of a column of the row after. */
export function isInAfter(path: string): boolean {
  return path.startsWith(`${AFTER}.`);
}

/** A path of the row after, or of a column of it, in the row before. */
export function inBefore(path: string): string {
  return BEFORE + path.slice(AFTER.length);
}
