import type { RecordFault } from "../dataflow/source.ts";
import type { ResultTopic } from "../schemas/contract-subjects.ts";
import {
  type AlertRecord,
  decodeAlert,
  decodeDeadLetter,
  decodeVerdict,
  type VerdictRecord,
} from "../schemas/contracts.ts";

/**
 * Records that are in the output log though the job, as it stands, has not emitted them: it goes on from a checkpoint
 * before the last one that was delivered, and will emit them again. They are known by their names.
 */
export class RecordsAhead {
  readonly #names = new Map<string, number>();

  constructor(names: readonly string[]) {
    for (const name of names) this.#names.set(name, (this.#names.get(name) ?? 0) + 1);
  }

  /** The records that are not there yet; those that are will not be left out another time. */
  without<T>(records: readonly T[], nameOf: (record: T) => string): readonly T[] {
    return this.#names.size === 0 ? records : records.filter((record) => !this.#take(nameOf(record)));
  }

  /** Names of what is still ahead. */
  names(): string[] {
    return [...this.#names].flatMap(([name, times]) => new Array<string>(times).fill(name));
  }

  #take(name: string): boolean {
    const times = this.#names.get(name);
    if (times === undefined) return false;
    if (times === 1) this.#names.delete(name);
    else this.#names.set(name, times - 1);
    return true;
  }
}

/** Names records in the topics that results go to. */
export const nameOf = {
  verdict: ({ id }: Pick<VerdictRecord, "id">) => `verdict ${id}`,
  alert: ({ id, verdictVersion, action }: Pick<AlertRecord, "id" | "verdictVersion" | "action">) =>
    `alert ${id} ${verdictVersion} ${action}`,
  deadLetter: ({ id }: Pick<RecordFault, "id">) => `dead-letter ${id}`,
} as const;

/** The name of a record as it is in the log, by topic. */
export const nameIn: Readonly<Record<Exclude<ResultTopic, "markers">, (encoded: Uint8Array) => string>> = {
  verdicts: (encoded) => nameOf.verdict(decodeVerdict(encoded)),
  alerts: (encoded) => nameOf.alert(decodeAlert(encoded)),
  "dead-letters": (encoded) => nameOf.deadLetter(decodeDeadLetter(encoded)),
};
