import { ByteReader } from "../../base/bytes.ts";
import { subtaskOf } from "../../state/key-groups.ts";
import type { Manifest, SplitEntry } from "./manifest.ts";

/** A checkpoint as one of the workers that go on from it sees it. */
export class Restored {
  readonly manifest: Manifest;
  readonly #worker: number;
  readonly #parallelism: number;

  constructor(manifest: Manifest, worker: number, parallelism: number) {
    this.manifest = manifest;
    this.#worker = worker;
    this.#parallelism = parallelism;
  }

  /** True when this worker goes on with a key group of an operator. */
  ownsKeys(keyGroup: number): boolean {
    return subtaskOf(keyGroup, this.#parallelism) === this.#worker;
  }

  /** What an operator's subtasks kept besides their keys' state. */
  savedOf(uid: string): Buffer[] {
    return bytesOf(this.manifest.operators.find((entry) => entry.uid === uid)?.saved);
  }

  /**
   * What an operator's subtasks had in hand and this worker is to go on with: what its own did, or where their number is
   * another one now, what all did, for the first worker.
   */
  shareOf(uid: string): Buffer[] {
    const saved = this.savedOf(uid);
    if (saved.length === this.#parallelism) return [saved[this.#worker]!];
    return this.#worker === 0 ? saved : [];
  }

  /** What workers knew of a source as a whole. */
  savedOfSource(source: string): ByteReader[] {
    const { sources } = this.manifest;
    return bytesOf(sources.find((entry) => entry.source === source)?.saved).map((bytes) => new ByteReader(bytes));
  }

  /**
   * What is known of a split: undefined for a new one. Heartbeats are read by every worker; the one that was least far is
   * gone on from, because to read a heartbeat again does no harm, and to pass one over loses a proof.
   */
  split(source: string, name: string): ByteReader | undefined {
    const entries = this.manifest.splits.filter((entry) => entry.source === source && entry.name === name);
    const least = entries.reduce<SplitEntry | undefined>(
      (known, entry) => (known === undefined || entry.offset < known.offset ? entry : known),
      undefined,
    );
    return least && new ByteReader(Buffer.from(least.saved, "base64"));
  }
}

function bytesOf(saved: readonly string[] | undefined): Buffer[] {
  return (saved ?? []).map((text) => Buffer.from(text, "base64"));
}
