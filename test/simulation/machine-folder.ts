import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputPaths } from "../../cli/outputs.ts";

/**
 * The part of an output folder that is on the machine's own disk, and is not simulated: the desk and the evidence, whose
 * transactions SQLite answers for, the registry of contracts, and locks. Simulated runs share it, one after the other.
 */
export class MachineFolder {
  readonly path = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "countercheck-simulation-"));

  constructor() {
    process.once("exit", () => rmSync(this.path, { recursive: true, force: true }));
  }

  /** Makes it what it is before a first run. The registry stays: every run registers the same. */
  clear(): void {
    for (const folder of [outputPaths.log(this.path), this.state]) mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(this.path)) if (name.includes(".db")) rmSync(join(this.path, name));
    this.unlock();
  }

  /** Where jobs have their state; on this disk locks alone. */
  get jobs(): string {
    return join(this.path, "jobs");
  }

  /** Folder of the state of a job. */
  get state(): string {
    return join(this.jobs, "state");
  }

  /** Clears the locks of a process that is gone: in truth it was this one. */
  unlock(): void {
    for (const folder of [outputPaths.log(this.path), this.state]) {
      for (const name of readdirSync(folder)) if (name.endsWith(".lock")) rmSync(join(folder, name));
    }
  }
}

/** Linux's file system in memory, where a sync costs nothing. */
const MEMORY = "/dev/shm";
