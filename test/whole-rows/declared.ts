import { table, type UnmappedTable } from "../../dataflow/model.ts";

/** What is said of the tables of a job. */
export interface TableOptions {
  readonly before?: "full";
}

/** A table of which so much is said. */
export function declared(source: string, name: string, options: TableOptions): UnmappedTable {
  return { ...table(source, name), ...options };
}
