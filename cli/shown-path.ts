import { relative } from "node:path";

/** A folder as the commands that are printed name it: relative where it lies below the current one. */
export function shownPath(path: string): string {
  const way = relative(process.cwd(), path);
  return way === "" ? "." : way.startsWith("..") ? path : way;
}
