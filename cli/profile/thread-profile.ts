import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { type Profiler, Session } from "node:inspector/promises";
import { join } from "node:path";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { messageOf } from "../../base/errors.ts";
import { tellNote, tellWarning } from "../notes.ts";
import { shownPath } from "../shown-path.ts";
import { flameGraph } from "./flame-graph.ts";

/** A profile that is being taken of a thread. */
export interface ThreadProfile {
  /** Ends it and writes `NAME.cpuprofile` and `NAME.svg`, its flame graph. What cannot be written is warned of. */
  end(): Promise<void>;
}

/**
 * Does some work while this thread, and all that begin meanwhile and call `profileThread`, are profiled into a folder, which is
 * emptied first; says on stderr where they are. Without a folder, it does the work.
 */
export async function profiled<T>(folder: string | undefined, name: string, work: () => Promise<T>): Promise<T> {
  if (folder === undefined) return work();
  rmSync(folder, { recursive: true, force: true });
  setEnvironmentData(FOLDER, folder);
  const profile = await profileThread(name);
  try {
    return await work();
  } finally {
    await profile?.end();
    tellNote(`Profiles of the threads are in ${shownPath(folder)}: an .svg is a flame graph, for a browser.`);
  }
}

/** Begins to profile this thread, where `profiled` work is done; undefined elsewhere. */
export async function profileThread(name: string): Promise<ThreadProfile | undefined> {
  const folder = getEnvironmentData(FOLDER) as string | undefined;
  return folder === undefined ? undefined : beginProfile(folder, name);
}

/** Begins to profile this thread into a folder. It costs a few per cent, and memory while it lasts. */
export async function beginProfile(folder: string, name: string): Promise<ThreadProfile> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: SAMPLE_US });
  await session.post("Profiler.start");
  return {
    async end() {
      const { profile } = await session.post("Profiler.stop");
      session.disconnect();
      write(folder, name, profile);
    },
  };
}

const FOLDER = "countercheck.profile";
const SAMPLE_US = 1_000;

function write(folder: string, name: string, profile: Profiler.Profile): void {
  const path = join(folder, name);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${path}.cpuprofile`, JSON.stringify(profile));
    writeFileSync(`${path}.svg`, flameGraph(name, profile));
  } catch (error) {
    tellWarning(`The profile of ${name} could not be written: ${messageOf(error)}`);
  }
}
