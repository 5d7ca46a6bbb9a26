import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { EngineAlertRecord } from "../../checks/records.ts";
import type { SchemaChange, Suspension } from "../../dataflow/source.ts";
import { alertOf } from "../sorted-outbox.ts";
import { printable } from "../table.ts";
import { toJson } from "../terminal.ts";

/** What trouble is told with. */
export interface EngineLogOptions {
  readonly job: string;
  readonly epoch: number;
  /** Uids of the checks that a suspension stops. */
  readonly checksOf: (suspension: Suspension) => readonly string[];
  /** Writes a JSON document to the topic, keyed by what it is about. */
  readonly write: (key: string, document: string) => void;
  /** Writes a line for those who look after the job. */
  readonly note: (line: string) => void;
}

/** So many ids of trouble are remembered; those that were first forgotten are told anew. */
const MOST_KNOWN = 10_000;

/**
 * Trouble of the engine and its sources, for the topic `engine-alerts` and the log: what is new at once, what repeats when
 * it was seen ten times, a hundred times, and so on.
 */
export class EngineLog {
  readonly #options: EngineLogOptions;
  /** How often each was seen, by id. */
  #seen = new Map<string, number>();

  constructor(options: EngineLogOptions) {
    this.#options = options;
  }

  /** True where it was seen for the first time. */
  alert(alert: EngineAlertRecord): boolean {
    const seen = (this.#seen.get(alert.id) ?? 0) + 1;
    this.#seen.set(alert.id, seen);
    if (this.#seen.size > MOST_KNOWN) this.#seen.delete(this.#seen.keys().next().value!);
    if (isPowerOfTen(seen)) this.#tell("engine-alert", alert.id, { ...alert, seen }, `${alert.code}: ${alert.message}`);
    return seen === 1;
  }

  /** The engine alert that it is, where some check is stopped by it. */
  suspension(suspension: Suspension): EngineAlertRecord | undefined {
    const checks = this.#options.checksOf(suspension);
    if (checks.length === 0) return undefined;
    const alert = alertOf(suspension);
    const { id, table, models, cause, time } = suspension;
    const more = { suspension: id, table, models, cause, time, checks };
    this.#tell("suspension", alert.id, { ...alert, ...more }, `${alert.code}: ${alert.message}`);
    return alert;
  }

  /** What a suspension stopped goes on, with nothing left out. */
  mended(suspension: string): void {
    this.#tell("mended", suspension, { suspension }, `what ${suspension} had stopped goes on`);
  }

  schemaChange(change: SchemaChange): void {
    const { topic, partition, offset, source, table, summary } = change;
    const line = `${change.class} schema change of ${source}.${table}: ${summary}`;
    this.#tell("schema-change", `${topic}/${partition}/${offset}`, change, line);
  }

  save(out: ByteWriter): void {
    out.uint(this.#seen.size);
    for (const [id, seen] of this.#seen) {
      out.text(id);
      out.uint(seen);
    }
  }

  /** Takes in what several saved. */
  restore(input: ByteReader): void {
    for (let rest = input.uint(); rest > 0; rest--) {
      const id = input.text();
      this.#seen.set(id, Math.max(this.#seen.get(id) ?? 0, input.uint()));
    }
  }

  #tell(kind: string, key: string, what: object, line: string): void {
    const { job, epoch, write, note } = this.#options;
    write(key, toJson({ version: 1, kind, job, epoch, ...what }));
    note(printable(line));
  }
}

function isPowerOfTen(count: number): boolean {
  return Number.isInteger(Math.log10(count));
}
