import { execFileSync } from "node:child_process";

/** Whom a process runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom the databases run as, for they refuse to run as root: `nobody`, who is on every system, when we are root.
 * Undefined when we are not: then as ourselves.
 */
export function databaseAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}
