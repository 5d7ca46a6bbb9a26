import { dirname, join } from "node:path";
import { isError } from "../../base/errors.ts";
import { MemoryDisk } from "../../base/memory-disk.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { StateFolder } from "../../runtime/checkpoint/state-folder.ts";
import type { RunRequest } from "../../runtime/embedded-runner.ts";
import { flipNewest } from "./bit-flip.ts";
import { MachineFolder } from "./machine-folder.ts";
import { type Plan, type ProcessPlan, planOf, type Trouble } from "./plan.ts";
import { differences, type Results, readResults } from "./results.ts";
import { feed, SimulatedShop } from "./shop-feed.ts";
import { SimClock } from "./sim-clock.ts";
import { type DiskOperation, SimDisk } from "./sim-disk.ts";
import { simulatedJob } from "./simulated-job.ts";
import { type ProcessEnd, runProcess } from "./simulated-process.ts";
import { type Happening, TroubleWatch } from "./trouble-watch.ts";

/** What came of a simulated run. */
export interface Outcome {
  readonly seed: number;
  /** How its results differ from those of a run that nothing disturbed, or what it failed with; nothing where all is well. */
  readonly problems: readonly string[];
  /** What happened to it, and how often. */
  readonly happened: ReadonlyMap<Happening, number>;
  /** The same whenever the seed is run: of all that it did on its disk, and when. */
  readonly digest: number;
}

/** What of it disturbs a run. */
export const DISTURBANCES: readonly Happening[] = [
  "power-cut",
  "killed",
  "worker-death",
  "disk-full",
  "disk-failed",
  "savepoint",
  "bit-flip",
];

/** True for a run that something happened to which could have changed its results. */
export function isDisturbed({ happened }: Outcome): boolean {
  return DISTURBANCES.some((each) => happened.has(each));
}

/** Runs one seed, and holds its results against those of a run that nothing disturbed. */
export async function simulate(seed: number): Promise<Outcome> {
  const plan = planOf(seed);
  const shop = await shopOf(plan);
  const expected = await undisturbed(plan, shop);
  const simulation = new Simulation(plan, shop);
  try {
    return simulation.outcome(differences(await simulation.run(), expected));
  } catch (error) {
    return simulation.outcome([error instanceof Error ? (error.stack ?? error.message) : String(error)]);
  }
}

const START_MS = Date.UTC(2026, 2, 20);
/** How long a process may live that is left in peace, in simulated time. */
const PATIENCE_MS = 120_000;

const machine = new MachineFolder();
const FOLDERS = {
  state: machine.state,
  output: machine.path,
  savepoint: (process: number) => join(machine.jobs, `savepoint-${process}`),
};

/** What happens to a process that is left in peace. */
interface Life extends Pick<ProcessPlan, "parallelism"> {
  readonly trouble: Trouble | undefined;
}

class Simulation {
  readonly #plan: Plan;
  readonly #shop: SimulatedShop;
  readonly #random: Random;
  readonly #clock = new SimClock(START_MS);
  readonly #input = new MemoryDisk();
  readonly #happened = new Map<Happening, number>();
  #disk = new SimDisk(this.#clock);
  #digest = 0;
  /** Markers that were durable. */
  #markers = 0;
  /** Checkpoints that are durable, and neither damaged nor of an epoch before. */
  #whole = 0;

  constructor(plan: Plan, shop: SimulatedShop) {
    this.#plan = plan;
    this.#shop = shop;
    this.#random = seededRandom(`simulation/${plan.seed}/run`);
  }

  /** Runs process after process, until one has come to the job's end. */
  async run(): Promise<Results> {
    await this.#begin();
    const { processes, parallelism } = this.#plan;
    let fromSavepoint: string | undefined;
    let before: Life | undefined;
    for (const [index, life] of [...processes, { parallelism, trouble: undefined }].entries()) {
      if (before !== undefined && life.parallelism !== before.parallelism) this.#note("other-parallelism");
      before = life;
      const isAnew = StateFolder.read(this.#disk, FOLDERS.state)?.state === "complete";
      // It had come to its end when it died: the next one brings out all of it again.
      if (isAnew) this.#markers = 0;
      if (isAnew || fromSavepoint !== undefined) this.#whole = 0;
      const end = await this.#live(index, life, fromSavepoint);
      if (end?.isComplete === true) return this.#results(end);
      fromSavepoint = end === undefined ? undefined : FOLDERS.savepoint(index);
    }
    throw new Error("the process that was left in peace did not come to the job's end");
  }

  outcome(problems: readonly string[]): Outcome {
    return { seed: this.#plan.seed, problems, happened: this.#happened, digest: this.#digest };
  }

  /** The folders that everything is made in are there already. */
  async #begin(): Promise<void> {
    machine.clear();
    this.#disk.makeFolder(machine.jobs);
    for (let folder = machine.jobs; folder !== "/"; folder = dirname(folder)) {
      await this.#clock.until(this.#disk.syncFolder(dirname(folder)), PATIENCE_MS);
    }
    feed(this.#shop, this.#input, this.#clock, this.#random.fork("feed"), this.#plan.pace);
  }

  /** One process; gives how it came to its end, if it did. */
  async #live(index: number, life: Life, fromSavepoint: string | undefined): Promise<ProcessEnd | undefined> {
    const { parallelism, trouble } = life;
    const { checkpointEveryMs, staleAfterMs, sizes, slowSyncs, isChaotic } = this.#plan;
    const random = this.#random.fork(`process/${index}`);
    const disk = this.#disk;
    const watch = new TroubleWatch(disk, trouble, slowSyncs, random.fork("disk"), (what) => this.#note(what));
    disk.events = {
      before: (operation, path) => {
        this.#record(operation, path);
        watch.before(operation, path);
      },
      syncMs: (path) => watch.syncMs(path),
    };
    const running = runProcess({
      graph: simulatedJob.graph(),
      shop: this.#shop,
      input: this.#input,
      disk,
      clock: this.#clock,
      state: FOLDERS.state,
      output: FOLDERS.output,
      sizes,
      parallelism,
      checkpointEveryMs,
      staleAfterMs,
      random: isChaotic ? random.fork("schedule") : undefined,
      death: trouble?.type === "worker-death" ? trouble : undefined,
      fromSavepoint,
      nextRequest: this.#requests(trouble, FOLDERS.savepoint(index)),
      onPoint: (point) => {
        if (point === "marker-written") this.#markers++;
        if (point === "checkpoint-renamed") this.#whole++;
      },
    });
    let end: ProcessEnd | undefined;
    try {
      end = await this.#clock.until(Promise.race([running, watch.death]), PATIENCE_MS);
      if (end?.from !== undefined) this.#note("recovery");
    } catch (error) {
      if (!watch.explains(error)) throw error;
      if (isError(error, "WORKER_DIED")) this.#note("worker-death");
    }
    this.#crash(disk, trouble, random);
    // What the process still does, it does on a disk that is nobody's any more.
    if (end === undefined)
      await this.#clock.until(
        running.catch(() => undefined),
        PATIENCE_MS,
      );
    return end;
  }

  /** The disk as the next process finds it. */
  #crash(disk: SimDisk, trouble: Trouble | undefined, random: Random): void {
    const isCut =
      trouble?.type === "crash" ? trouble.kind === "power-cut" : trouble !== undefined && random.chance(0.3);
    this.#disk = disk.crash(isCut ? "power-cut" : "killed", random.fork("crash"));
    machine.unlock();
    // One whole checkpoint is left: of two that are durable the one before is kept until the newest is out.
    if (trouble?.type !== "crash" || !trouble.isFlipped || this.#whole < 2) return;
    flipNewest(this.#disk, FOLDERS.state, random);
    this.#whole = 1;
    this.#note("bit-flip");
  }

  #requests(trouble: Trouble | undefined, savepoint: string): () => RunRequest | undefined {
    if (trouble?.type !== "savepoint") return () => undefined;
    const at = this.#clock.now() + trouble.afterMs;
    let isAsked = false;
    return () => {
      if (isAsked || this.#clock.now() < at) return undefined;
      isAsked = true;
      const done = (error: unknown) => {
        if (error === undefined) this.#note("savepoint");
      };
      return { savepoint, stop: "keep", done };
    };
  }

  async #results({ finals }: ProcessEnd): Promise<Results> {
    const results = await readResults(this.#disk, FOLDERS.output, finals);
    const there = results.markers.length;
    if (there < this.#markers) throw new Error(`results are lost: of ${this.#markers} markers ${there} are there`);
    for (const code of results.engineAlerts) {
      if (code === "SOURCE_STALE") this.#note("stale-source");
      if (code === "CHECKPOINT_DAMAGED") this.#note("damaged-checkpoint");
    }
    return results;
  }

  #note(what: Happening): void {
    this.#happened.set(what, (this.#happened.get(what) ?? 0) + 1);
  }

  #record(operation: DiskOperation, path: string): void {
    const text = `${this.#clock.now()} ${operation} ${path.slice(machine.path.length)}`;
    for (let i = 0; i < text.length; i++) this.#digest = (Math.imul(this.#digest, 31) + text.charCodeAt(i)) | 0;
  }
}

const shops = new Map<string, Promise<SimulatedShop>>();

function shopOf({ shop: { seed, orders, isFaulty } }: Plan): Promise<SimulatedShop> {
  const name = `${seed}/${orders}/${isFaulty}`;
  const known = shops.get(name);
  if (known !== undefined) return known;
  const faulty = isFaulty ? seededRandom(`faulty/${seed}`) : undefined;
  const opened = SimulatedShop.open(seed, orders, faulty);
  shops.set(name, opened);
  return opened;
}

const references = new Map<SimulatedShop, Promise<Results>>();

/** What one worker comes to that is left in peace, with all of the log before it. */
function undisturbed(plan: Plan, shop: SimulatedShop): Promise<Results> {
  const known = references.get(shop);
  if (known !== undefined) return known;
  const calm = { processes: [], parallelism: 1, pace: undefined, staleAfterMs: undefined } as const;
  const slowSyncs = { share: 0, of: "all" } as const;
  const results = new Simulation({ ...plan, ...calm, slowSyncs, checkpointEveryMs: 1e9, isChaotic: false }, shop).run();
  references.set(shop, results);
  return results;
}
