import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Split } from "../dataflow/source.ts";

/** Where a split stands in its log; asked when a heartbeat row is to prove it. */
export interface SplitOffsets {
  position(split: number): number;
  /** As `SourceReader` has it. */
  endOffset(split: number, since: number): number | undefined;
}

interface Proof {
  time: number;
  /** Offset that the split must have reached for the proof to hold; undefined until it is known. */
  end: number | undefined;
  /** When the heartbeat row was read: an end that the log had before then proves nothing. */
  readAt: number;
  /** When the first row was read that this proof stands for. */
  readonly firstReadAt: number;
}

/** Rows that are read within so many ms wait for one end: of a long history there are thousands. */
const ONE_PROOF_MS = 250;
/**
 * So many wait at most, since no end may be told for long, nor reached. The oldest, of more than the two seconds that an end
 * takes to be told, and the newest are kept as they are.
 */
const MOST_PROOFS = 40;
const KEPT_AT_EACH_END = 12;

/**
 * The frontier of one source: the event time through which all is proven read, by the rules of "Frontier" in the
 * semantics. Proof comes from changes later than a time, from heartbeat rows later than it where a split has reached
 * the end it had then, and from end markers. Equality proves nothing, so a change at T proves through T − 1.
 */
export class SourceFrontier {
  readonly #longestTransactionMs: number;
  readonly #offsets: SplitOffsets;
  readonly #now: () => number;
  /** Per split: proven through this time. Those of heartbeat splits, which hold no business, do not count. */
  readonly #proven: Float64Array;
  readonly #endedAt: (number | undefined)[];
  readonly #proofs: Proof[][];
  readonly #data: readonly number[];
  /** Per split: the newest time of its seed. */
  readonly #since: Float64Array;

  /** `now`: wall time in epoch ms. */
  constructor(splits: readonly Split[], longestTransactionMs: number, offsets: SplitOffsets, now: () => number) {
    this.#longestTransactionMs = longestTransactionMs;
    this.#offsets = offsets;
    this.#now = now;
    this.#proven = new Float64Array(splits.length).fill(BEFORE_ALL_TIME);
    this.#since = new Float64Array(splits.length).fill(BEFORE_ALL_TIME);
    this.#endedAt = splits.map(() => undefined);
    this.#proofs = splits.map(() => []);
    this.#data = splits.flatMap((split, index) => (split.heartbeat ? [] : [index]));
  }

  /** A change of this event time was read from a split. */
  progress(split: number, time: number): void {
    this.#prove(split, time - 1);
  }

  /** A seed row of a split, taken at this time, was read; the source's history is known from the newest of them on. */
  seeded(split: number, time: number): void {
    if (time > this.#since[split]!) this.#since[split] = time;
  }

  /**
   * A heartbeat row was read. Whatever was committed before it lies before the splits' ends as the log has them then: at
   * once in a file log, whose writer flushes every partition before such a row; a while later at a broker.
   */
  heartbeat(time: number): void {
    const now = this.#now();
    for (const split of this.#data) {
      const end = this.#offsets.endOffset(split, now);
      const proofs = this.#proofs[split]!;
      const last = proofs.at(-1);
      if (last === undefined || last.end !== end || (end === undefined && now - last.firstReadAt > ONE_PROOF_MS))
        addProof(proofs, { time: time - 1, end, readAt: now, firstReadAt: now });
      else {
        last.time = Math.max(last.time, time - 1);
        last.readAt = now;
      }
    }
  }

  /** The split ended: complete through this time. */
  ended(split: number, time: number): void {
    this.#endedAt[split] = time;
  }

  /** Since when the source's history is known: the newest time of its seed, −∞ without one. */
  get since(): number {
    let newest = BEFORE_ALL_TIME;
    for (const split of this.#data) newest = Math.max(newest, this.#since[split]!);
    return newest;
  }

  /** The frontier now; −∞ while some split is unproven, so also while the seed is being read. */
  through(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const split of this.#data) least = Math.min(least, this.#splitThrough(split));
    return least === Number.POSITIVE_INFINITY ? BEFORE_ALL_TIME : least;
  }

  /** Event time through which one split is proven, before the longest transaction is taken off. */
  provenOf(split: number): number {
    return this.#endedAt[split] ?? this.#proven[split]!;
  }

  /** Writes what is proven of a split, and what will be. */
  save(split: number, out: ByteWriter): void {
    const endedAt = this.#endedAt[split];
    const proofs = this.#proofs[split]!;
    out.float64(this.#proven[split]!);
    out.float64(this.#since[split]!);
    out.flag(endedAt !== undefined);
    if (endedAt !== undefined) out.float64(endedAt);
    out.uint(proofs.length);
    for (const { time, end } of proofs) {
      out.float64(time);
      out.flag(end !== undefined);
      if (end !== undefined) out.uint(end);
    }
  }

  /** Takes in what was saved of a split, before anything is read of it. */
  restore(split: number, input: ByteReader): void {
    this.#proven[split] = input.float64();
    this.#since[split] = input.float64();
    this.#endedAt[split] = input.flag() ? input.float64() : undefined;
    const now = this.#now();
    for (let proofs = input.uint(); proofs > 0; proofs--) {
      const time = input.float64();
      const end = input.flag() ? input.uint() : undefined;
      addProof(this.#proofs[split]!, { time, end, readAt: now, firstReadAt: now });
    }
  }

  #splitThrough(split: number): number {
    const endedAt = this.#endedAt[split];
    if (endedAt !== undefined) return endedAt;
    const proofs = this.#proofs[split]!;
    while (proofs.length > 0 && this.#isReached(split, proofs[0]!)) this.#prove(split, proofs.shift()!.time);
    return this.#proven[split]! - this.#longestTransactionMs;
  }

  #isReached(split: number, proof: Proof): boolean {
    proof.end ??= this.#offsets.endOffset(split, proof.readAt);
    return proof.end !== undefined && this.#offsets.position(split) >= proof.end;
  }

  #prove(split: number, through: number): void {
    if (through > this.#proven[split]!) this.#proven[split] = through;
  }
}

/** Adds the newest proof; of too many, every second one between the oldest and the newest holds only once the next does. */
function addProof(proofs: Proof[], proof: Proof): void {
  proofs.push(proof);
  if (proofs.length <= MOST_PROOFS) return;
  for (let i = KEPT_AT_EACH_END; i < proofs.length - KEPT_AT_EACH_END; i++) {
    const [dropped] = proofs.splice(i, 1);
    proofs[i]!.time = Math.max(proofs[i]!.time, dropped!.time);
  }
}
