import type { SqliteFile } from "../../base/sqlite-file.ts";
import { type Count, MAX_ROWS } from "./records.ts";
import { capped, where } from "./tables.ts";

/** Passes and pendings by check and minute, added up from what parts of a job counted. */
export class CountBook {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  add(counts: readonly Count[]): void {
    for (let from = 0; from < counts.length; ) {
      // Statements of two lengths only: each is compiled and kept.
      const together = counts.length - from < MANY ? 1 : MANY;
      this.#file.run(together === 1 ? ADD : ADD_MANY, counts.slice(from, from + together).flatMap(valuesOf));
      from += together;
    }
  }

  /** Takes off what was added. */
  takeBack(counts: readonly Count[]): void {
    for (const { check, minute, pass, pending } of counts) {
      this.#file.run(ADD, valuesOf({ check, minute, pass: -pass, pending: -pending }));
      this.#file.run("DELETE FROM counts WHERE check_uid = ? AND minute = ? AND pass = 0 AND pending = 0", [
        check,
        minute,
      ]);
    }
  }

  list(query: { readonly check?: string; readonly limit?: number }): Count[] {
    const { sql, values } = where({ check_uid: query.check });
    const text = `SELECT check_uid AS "check", minute, pass, pending FROM counts ${sql} ORDER BY minute DESC, check_uid LIMIT ?`;
    return this.#file.all<Count>(text, [...values, capped(query.limit ?? MAX_ROWS)]).map((row) => ({ ...row }));
  }
}

/** Counts that are added by one statement: that takes half the time. */
const MANY = 50;

const [ADD, ADD_MANY] = [adding(1), adding(MANY)];

function adding(counts: number): string {
  return `INSERT INTO counts VALUES ${new Array(counts).fill("(?, ?, ?, ?)").join(", ")}
    ON CONFLICT DO UPDATE SET pass = pass + excluded.pass, pending = pending + excluded.pending`;
}

function valuesOf({ check, minute, pass, pending }: Count): [string, number, number, number] {
  return [check, minute, pass, pending];
}
