import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { assert } from "../../base/errors.ts";
import type { Notice } from "../../connectors/desk/records.ts";
import type { SnapshotRow } from "../../snapshots/snapshot-store.ts";

/** What is delivered by a child itself: evidence without its wall time, which is fixed at the barrier, and notices. */
export interface Parcel {
  /** Wall time of its barrier in epoch ms: that of the evidence, and that at which notices were laid down. */
  readonly at: number;
  readonly rows: SnapshotRow[];
  readonly notices: Notice[];
}

interface OpenParcel extends Omit<Parcel, "at"> {
  checkpoint: number;
  at: number;
}

/** With so much waiting little more is taken in: a checkpoint that is confirmed, or a server that is back, makes room. */
export const FULL_BYTES = 64 << 20;

/** Of the form that `write` gives parcels. */
const VERSION = 1;

/**
 * Results on their way from a barrier to the confirmation of its checkpoint. What belongs to a confirmed one is handed on
 * at once and belongs to who delivers it.
 */
export class WaitingResults {
  #open: Omit<Parcel, "at"> = { rows: [], notices: [] };
  /** Those whose checkpoints are not confirmed, oldest first. */
  readonly #sealed: OpenParcel[] = [];
  /** Roughly, of all that waits here. */
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** The evidence of a verdict, whatever wall time it has. */
  row(row: SnapshotRow): void {
    this.#open.rows.push(row);
    this.#bytes += bytesOfRow(row);
  }

  notice(notice: Notice): void {
    this.#open.notices.push(notice);
    this.#bytes += bytesOfNotice(notice);
  }

  /** A barrier: what came before it belongs to its checkpoint. */
  seal(checkpoint: number, at: number): void {
    const { rows, notices } = this.#open;
    if (rows.length === 0 && notices.length === 0) return;
    this.#sealed.push({ checkpoint, at, rows: rows.map((row) => ({ ...row, writtenAt: at })), notices });
    this.#open = { rows: [], notices: [] };
  }

  /** What belongs to the checkpoint and to those before it, which waits here no more. */
  confirmed(checkpoint: number): Parcel[] {
    const through = this.#sealed.findLastIndex((parcel) => parcel.checkpoint <= checkpoint);
    const parcels = this.#sealed.splice(0, through + 1);
    for (const { rows, notices } of parcels) {
      for (const row of rows) this.#bytes -= bytesOfRow(row);
      for (const notice of notices) this.#bytes -= bytesOfNotice(notice);
    }
    return parcels;
  }

  /** What was sealed and is not confirmed. */
  sealed(): readonly Parcel[] {
    return this.#sealed;
  }
}

/** About how much room it takes. */
export function bytesOfRow({ verdict }: SnapshotRow): number {
  return verdict.length + 200;
}

export function bytesOfNotice({ body }: Notice): number {
  return 2 * body.length + 200;
}

/** Writes parcels as they stand in checkpoints. */
export function writeParcels(out: ByteWriter, parcels: readonly Parcel[]): void {
  out.uint(VERSION);
  out.uint(parcels.length);
  for (const { at, rows, notices } of parcels) {
    out.float64(at);
    out.uint(rows.length);
    for (const { verdict, ...rest } of rows) {
      out.text(JSON.stringify(rest));
      out.block(verdict);
    }
    out.uint(notices.length);
    for (const notice of notices) out.text(JSON.stringify(notice));
  }
}

/** Reads what `writeParcels` wrote; nothing of it is a view. */
export function readParcels(input: ByteReader): Parcel[] {
  const version = input.uint();
  assert(version === VERSION, `results that wait are of version ${VERSION}, not ${version}`);
  return Array.from({ length: input.uint() }, () => ({
    at: input.float64(),
    rows: Array.from({ length: input.uint() }, () => {
      const rest = JSON.parse(input.text()) as Omit<SnapshotRow, "verdict">;
      return { ...rest, verdict: Uint8Array.from(input.block()) };
    }),
    notices: Array.from({ length: input.uint() }, () => JSON.parse(input.text()) as Notice),
  }));
}
