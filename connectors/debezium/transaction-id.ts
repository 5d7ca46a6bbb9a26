import type { TextColumn } from "../../base/columns.ts";
import type { DatabaseKind } from "./config.ts";
import { KeyWriter } from "./key-text.ts";
import type { Mapping } from "./mapping.ts";

const COLON = 58;

/**
 * Maps the names of transactions to ids that all that tells of a transaction agrees on. MariaDB's are its GTIDs. For
 * PostgreSQL Debezium writes `txid:lsn`, with another LSN in every event: only the part before the colon is the name.
 */
export function transactionIdMapping(kind: DatabaseKind, from: TextColumn, to: TextColumn): Mapping {
  const writer = new KeyWriter();
  return {
    family: "text",
    map: (count, base) => {
      for (let row = 0; row < count; row++) {
        if (from.nulls[row] === 1) {
          to.nulls[base + row] = 1;
          continue;
        }
        writer.reset();
        const start = from.starts[row]!;
        writer.text(from.heap, start, endOfName(kind, from.heap, start, from.ends[row]!));
        writer.putInto(to, base + row);
      }
    },
  };
}

/** Where the name ends of the transaction in `bytes[start .. end)`. */
export function endOfName(kind: DatabaseKind, bytes: Uint8Array, start: number, end: number): number {
  if (kind !== "postgresql") return end;
  let at = start;
  while (at < end && bytes[at] !== COLON) at++;
  return at;
}
