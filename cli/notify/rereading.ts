import { isError, messageOf } from "../../base/errors.ts";
import type { Key } from "../../base/key.ts";
import { Slots } from "../../base/slots.ts";
import type { RedisClient } from "../../connectors/redis/client.ts";
import { type CacheMetrics, MultilevelCache } from "../../connectors/redis/multilevel-cache.ts";
import { amountsOf, isWrong } from "../../connectors/reread/answers.ts";
import type { TruthReader } from "../../connectors/reread/truth-reader.ts";
import { ChangedKeys } from "../../runtime/changed-keys.ts";
import type { VerdictRecord } from "../../schemas/contracts.ts";
import { masked } from "../secrets.ts";
import type { AlertInDoubt, Confirmation, Confirmer } from "./confirmation.ts";
import type { RereadConfig } from "./reread-config.ts";
import { compare, type Truth } from "./truth.ts";

/** How alerts are confirmed. */
export interface RereadingOptions {
  readonly checks: readonly RereadConfig[];
  /** By check and question; they are closed with it. */
  readonly readers: ReadonlyMap<string, ReadonlyMap<string, TruthReader>>;
  /** Keeps answers for other processes too; undefined: for this one only. It is closed with it. */
  readonly redis: RedisClient | undefined;
  /** Begins the names of what is kept there. */
  readonly prefix: string;
}

/** What a run tells the one that confirms its alerts. */
export interface RunEvidence {
  /** The newest verdict on what an alert is of; undefined where there is none. */
  readonly verdictOf: (alert: AlertInDoubt) => Promise<VerdictRecord | undefined>;
  /** Told, once for each, of alerts that go out though the source of truth refutes them. */
  readonly onDisagreement: (alert: AlertInDoubt, note: string) => void;
}

/** An answer is as good as new for so long, unless the key is seen to change. */
const KEPT_MS = 10_000;
/** Alerts that are asked about once more, of all that may be asked about at once. */
const ASKED_AGAIN_AT_ONCE = 4;
const SWEEP_EVERY_MS = 1_000;
/** Between two looks at an alert that is held back. */
const LOOK_AGAIN_MS = { least: 250, most: 30_000 };

/**
 * Asks the source of truth about alerts before anybody is told. It answers with totals, which are held against what the
 * verdict rests on now. Checks without questions are confirmed as they are.
 */
export class Rereading implements Confirmer {
  /** Where workers say which keys change: what was answered about those before is not relied on. */
  readonly changedKeys = ChangedKeys.memory(Date.now());
  readonly #options: RereadingOptions;
  readonly #checks: ReadonlyMap<string, RereadConfig>;
  readonly #cache: MultilevelCache<Truth>;
  /** By alert that is held back, when it was last asked about: the next look is at something newer. */
  readonly #askedAt = new Map<string, number>();
  readonly #disagreeing = new Set<string>();
  readonly #again = new Slots(ASKED_AGAIN_AT_ONCE);
  readonly #sweeping: NodeJS.Timeout;
  #evidence: RunEvidence | undefined;

  constructor(options: RereadingOptions) {
    const { checks, redis, prefix } = options;
    const changes = new ChangedKeys(this.changedKeys);
    this.#options = options;
    this.#checks = new Map(checks.map((config) => [config.check, config]));
    this.#cache = new MultilevelCache({
      load: (name, signal) => this.#load(name, signal),
      ...{ redis, prefix, liveMs: KEPT_MS },
      changedAt: (name) => changes.lastChange(subjectOf(name).key),
    });
    this.#sweeping = setInterval(() => void this.#cache.sweep(), SWEEP_EVERY_MS);
    this.#sweeping.unref();
  }

  /** Of the run whose alerts are confirmed; before that nothing is. */
  begin(evidence: RunEvidence): void {
    this.#evidence = evidence;
  }

  get metrics(): CacheMetrics {
    return this.#cache.metrics;
  }

  async confirm(alert: AlertInDoubt, signal: AbortSignal): Promise<Confirmation> {
    const config = this.#checks.get(alert.check);
    if (config === undefined) return { outcome: "confirmed", note: "" };
    const confirmation = await this.#ask(alert, signal);
    if (confirmation.outcome === "confirmed") this.#askedAt.delete(alert.id);
    else this.#remember(alert.id);
    const { patienceMs } = config;
    const lookAgainMs = Math.min(Math.max(patienceMs / 10, LOOK_AGAIN_MS.least), LOOK_AGAIN_MS.most);
    return { ...confirmation, holdBackMs: patienceMs, lookAgainMs };
  }

  /** Every sink comes to that, at every attempt. */
  disagrees(alert: AlertInDoubt, note: string): void {
    const name = `${alert.id} ${alert.verdictVersion}`;
    if (this.#disagreeing.has(name)) return;
    this.#disagreeing.add(name);
    if (this.#disagreeing.size > MOST_REMEMBERED) this.#disagreeing.delete(this.#disagreeing.keys().next().value!);
    this.#evidence?.onDisagreement(alert, note);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    const readers = [...this.#options.readers.values()].flatMap((own) => [...own.values()]);
    await Promise.all(readers.map((reader) => reader.close()));
    this.#options.redis?.close();
  }

  async #ask(alert: AlertInDoubt, signal: AbortSignal): Promise<Confirmation> {
    const askedAt = this.#askedAt.get(alert.id);
    // What did not answer before does not take the place of what was never asked about.
    if (askedAt !== undefined) return this.#again.run(() => this.#answer(alert, askedAt + 1, signal));
    return this.#answer(alert, 0, signal);
  }

  async #answer(alert: AlertInDoubt, since: number, signal: AbortSignal): Promise<Confirmation> {
    try {
      const { value: truth } = await this.#cache.get(nameOf(alert), signal, since);
      const verdict = await this.#evidence?.verdictOf(alert);
      if (verdict === undefined) return { outcome: "unknown", note: "not confirmed: its evidence is not there" };
      if (verdict.status !== "fail")
        return { outcome: "refuted", note: `the change events say ${verdict.status} by now` };
      return compare(truth, verdict);
    } catch (error) {
      if (!isError(error)) throw error;
      return { outcome: "unknown", note: `not confirmed: ${masked(messageOf(error))}` };
    }
  }

  async #load(name: string, signal: AbortSignal): Promise<Truth> {
    const { check, key } = subjectOf(name);
    const own = [...this.#options.readers.get(check)!];
    const answers = own.map(async ([question, reader]) => {
      const place = `reread.${check}.${question}`;
      const rows = await reader.read(key, signal);
      return [question, question === "wrong" ? isWrong(rows, place) : amountsOf(rows, place)];
    });
    return Object.fromEntries(await Promise.all(answers));
  }

  #remember(alert: string): void {
    this.#askedAt.delete(alert);
    this.#askedAt.set(alert, Date.now());
    if (this.#askedAt.size > MOST_REMEMBERED) this.#askedAt.delete(this.#askedAt.keys().next().value!);
  }
}

const MOST_REMEMBERED = 10_000;

/** What is asked about: a check's totals of a key, of all currencies. */
function nameOf({ check, key }: { readonly check: string; readonly key: Key }): string {
  return `${check} ${key}`;
}

/** uids have no spaces. */
function subjectOf(name: string): { readonly check: string; readonly key: Key } {
  const at = name.indexOf(" ");
  return { check: name.slice(0, at), key: name.slice(at + 1) };
}
