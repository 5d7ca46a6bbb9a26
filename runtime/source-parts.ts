import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { type SplitEntry, splitKey } from "./checkpoint/manifest.ts";
import type { Kept } from "./checkpoint/upgrade.ts";
import type { SavedSource } from "./source-driver.ts";
import type { CheckpointPart, KeptState } from "./task.ts";

/**
 * The form of what a task with sources keeps, in parts of a checkpoint: of each split, in the key group of its rows, what is
 * known of it; of each table, the rows of a key group; without a key group, what every subtask keeps of the heartbeats, and
 * of each source as a whole.
 */

/** Uids of parts, and of what is kept of a table. */
export const SPLITS = "$splits";
export const HEARTBEATS = "$heartbeats";
export const SOURCES = "$sources";
const ROWS = "$rows";
const NO_GROUP = -1;

/** What is known of a split, as a part. */
export function splitPart({ source, name, offset, topicId, group, saved }: SplitEntry): CheckpointPart {
  return { uid: SPLITS, keyGroup: group, bytes: writeSplit(source, name, offset, topicId, saved) };
}

/** What is known of a split of heartbeats, which every subtask reads, as a part. */
export function heartbeatPart({ source, name, offset, topicId, saved }: SplitEntry): CheckpointPart {
  return { uid: HEARTBEATS, keyGroup: NO_GROUP, bytes: writeSplit(source, name, offset, topicId, saved) };
}

/** What a driver saved of a source as a whole, as a part. */
export function sourcePart(source: string, saved: string): CheckpointPart {
  const out = new ByteWriter();
  out.text(source);
  out.block(Buffer.from(saved, "base64"));
  return { uid: SOURCES, keyGroup: NO_GROUP, bytes: out.bytes() };
}

/** What is kept of a table of rows; the table's name is the uid of its parts. */
export function keptRows({ table, schema }: { readonly table: string; readonly schema: string }): KeptState {
  return { uid: table, states: [{ name: ROWS, schema }], timers: [] };
}

/** Tables of rows among what is kept, with the schema of their records. */
export function rowsOf(kept: readonly KeptState[]): { readonly table: string; readonly schema: string }[] {
  return kept.flatMap(({ uid, states }) =>
    states.flatMap(({ name, schema }) => (name === ROWS ? [{ table: uid, schema }] : [])),
  );
}

/** What a task with or without sources keeps, as a checkpoint of the embedded runner tells it. */
export function asKept(all: readonly KeptState[]): Kept {
  const rows = rowsOf(all);
  return { kept: all.filter(({ uid }) => !rows.some(({ table }) => table === uid)), rows };
}

/** Gathers what is kept of splits and sources, until a source's drivers ask for it. */
export class SavedParts implements SavedSource {
  manifest: SavedSource["manifest"] = { rows: [] };
  readonly #splits = new Map<string, SavedSplit>();
  readonly #sources: { readonly source: string; readonly saved: Buffer }[] = [];

  /** Takes a part in; false for one of rows, or of an operator. */
  take({ uid, keyGroup, bytes }: CheckpointPart): boolean {
    if (uid === SOURCES) this.#takeSource(new ByteReader(Buffer.from(bytes)));
    else if (uid === SPLITS || uid === HEARTBEATS) this.#takeSplit(new ByteReader(Buffer.from(bytes)), keyGroup);
    else return false;
    return true;
  }

  savedOfSource(source: string): ByteReader[] {
    return this.#sources.filter((one) => one.source === source).map(({ saved }) => new ByteReader(saved));
  }

  split(source: string, name: string): ByteReader | undefined {
    const found = this.#splits.get(splitKey(source, name));
    return found && new ByteReader(found.saved);
  }

  /** How far a split was read, and of which topic of its name; undefined for one that was not read before. */
  positionOf(source: string, name: string): Pick<SavedSplit, "offset" | "topicId"> | undefined {
    return this.#splits.get(splitKey(source, name));
  }

  /** Splits that were kept in a key group, by `splitKey`, and in which. */
  *keyGroups(): Generator<readonly [string, number]> {
    for (const [key, { keyGroup }] of this.#splits) if (keyGroup !== NO_GROUP) yield [key, keyGroup];
  }

  /** Forgets all. */
  clear(): void {
    this.#splits.clear();
    this.#sources.length = 0;
  }

  #takeSource(input: ByteReader): void {
    this.#sources.push({ source: input.text(), saved: input.block() });
  }

  /** Every former subtask has saved the heartbeats: the one that was least far is gone on from. */
  #takeSplit(input: ByteReader, keyGroup: number): void {
    const key = splitKey(input.text(), input.text());
    const offset = input.uint();
    const topicId = input.text();
    const known = this.#splits.get(key);
    if (known === undefined || offset < known.offset)
      this.#splits.set(key, { keyGroup, offset, topicId, saved: input.block() });
  }
}

interface SavedSplit {
  readonly keyGroup: number;
  readonly offset: number;
  /** Empty where its log has none. */
  readonly topicId: string;
  readonly saved: Buffer;
}

function writeSplit(source: string, name: string, offset: number, topicId: string | undefined, saved: string): Buffer {
  const out = new ByteWriter();
  out.text(source);
  out.text(name);
  out.uint(offset);
  out.text(topicId ?? "");
  out.block(Buffer.from(saved, "base64"));
  return out.bytes();
}
