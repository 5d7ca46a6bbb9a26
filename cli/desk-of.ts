import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { raise } from "../base/errors.ts";
import { formatTime } from "../base/time.ts";
import { Desk } from "../connectors/desk/desk.ts";
import { tellNote } from "./notes.ts";
import { outputPaths } from "./outputs.ts";

/** Which job of an output folder has gone to a cluster. */
export interface GoneToCluster {
  readonly job: string;
  /** Begins the names of the topics that its results are in. */
  readonly prefix: string;
  /** Epoch ms. */
  readonly at: number;
}

/**
 * Opens the desk of an output folder for who looks at it; says so where its job runs on a cluster, and the desk is of before.
 * What opening it raises.
 */
export function deskToLookAt(dir: string): Desk {
  const desk = new Desk(outputPaths.desk(dir));
  const gone = goneToCluster(dir);
  if (gone !== undefined) {
    const { job, prefix, at } = gone;
    const since = `${job} was submitted to a cluster at ${formatTime(at)}: this is what was known before. What it says since is in the topics ${prefix}alerts, ${prefix}dead-letters and ${prefix}engine-alerts.`;
    tellNote(since);
  }
  return desk;
}

/** Opens the desk of an output folder for who decides something. JOB_HAS_NO_DESK where nobody would heed it; what opening it raises. */
export function deskToDecideAt(dir: string): Desk {
  const gone = goneToCluster(dir);
  if (gone !== undefined) raise("JOB_HAS_NO_DESK", { ...gone, at: formatTime(gone.at), dir });
  return new Desk(outputPaths.desk(dir));
}

/** Remembers beside a desk, where there is one, that its job has gone to a cluster; gives what takes that back. */
export function noteGoneToCluster(dir: string, gone: GoneToCluster): () => void {
  if (!existsSync(outputPaths.desk(dir))) return () => undefined;
  const before = goneToCluster(dir);
  note(dir, gone);
  return () => (before === undefined ? noteHere(dir) : note(dir, before));
}

/** A run goes on here. */
export function noteHere(dir: string): void {
  rmSync(fileIn(dir), { force: true });
}

function note(dir: string, gone: GoneToCluster): void {
  writeFileSync(fileIn(dir), JSON.stringify(gone));
}

function goneToCluster(dir: string): GoneToCluster | undefined {
  const file = fileIn(dir);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as GoneToCluster) : undefined;
}

function fileIn(dir: string): string {
  return join(dir, "on-cluster.json");
}
