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
  const endOf = (row: number) => {
    const start = from.starts[row]!;
    const end = from.ends[row]!;
    const colon = kind === "postgresql" ? from.heap.indexOf(COLON, start) : -1;
    return colon < 0 || colon >= end ? end : colon;
  };
  return {
    family: "text",
    map: (count, base) => {
      for (let row = 0; row < count; row++) {
        if (from.nulls[row] === 1) {
          to.nulls[base + row] = 1;
          continue;
        }
        writer.reset();
        writer.text(from.heap, from.starts[row]!, endOf(row));
        writer.putInto(to, base + row);
      }
    },
  };
}
