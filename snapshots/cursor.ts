import { raise } from "../base/errors.ts";

/** Where a page ended: values of the columns that an answer is ordered by. */
export type Place = readonly (string | number)[];

/** A place as text, tied to the kind of query that it belongs to. */
export function formatCursor(kind: string, place: Place): string {
  return Buffer.from(JSON.stringify([kind, ...place])).toString("base64url");
}

/** The place in a cursor, whose values must be of the types of `like`. SNAPSHOTS_CURSOR_INVALID for any other text. */
export function parseCursor(kind: string, cursor: string, like: Place): Place {
  const [found, ...place] = parsed(cursor);
  const fits = found === kind && place.length === like.length && like.every((one, i) => typeof place[i] === typeof one);
  if (!fits) raise("SNAPSHOTS_CURSOR_INVALID", { cursor: cursor.slice(0, 100) });
  return place as Place;
}

function parsed(cursor: string): unknown[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    return Array.isArray(values) ? values : [];
  } catch {
    return [];
  }
}
