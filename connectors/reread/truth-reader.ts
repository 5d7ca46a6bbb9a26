import type { Key } from "../../base/key.ts";

/** Where the truth about a key is read. */
export interface TruthReader {
  /**
   * What it says of a key now, in rows of values by name. REREAD_FAILED where it does
   * not answer in time or not at all, REREAD_ANSWER_INVALID where the answer is of no use.
   */
  read(key: Key, signal: AbortSignal): Promise<readonly TruthRow[]>;
  /** Never rejects. */
  close(): Promise<void>;
}

export type TruthRow = Readonly<Record<string, unknown>>;
