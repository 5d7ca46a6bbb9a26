import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { raise } from "../../base/errors.ts";
import { EvidenceTable } from "./evidence-table.ts";
import { FAMILY } from "./row-value.ts";
import { familyOf, SPLITS } from "./table-schema.ts";

/** A table of a name of its own, for a test. */
export interface TestTable {
  readonly url: string;
  readonly table: string;
  /** Removes the table with all that is in it. */
  drop(): Promise<void>;
}

/** Makes an empty table in one region. */
export async function makeTestTable(url: string, prefix = "test"): Promise<TestTable> {
  const made = named(url, prefix);
  const admin = new EvidenceTable(made.table, { url });
  await admin.create({});
  admin.close();
  return made;
}

/** Makes an empty table that is split, with HBase's own client for Java, whose jars are in `classPath`. */
export async function makeSplitTable(url: string, zookeeper: string, classPath: string): Promise<TestTable> {
  const made = named(url, "split");
  const program = fileURLToPath(new URL("java/CreateTable.java", import.meta.url));
  const family = Object.entries(familyOf({})).map(([name, value]) => `${name}=${value}`);
  const args = ["-cp", classPath, program, zookeeper, made.table, FAMILY, SPLITS.join(), ...family];
  await promisify(execFile)("java", args, { timeout: 60_000 });
  return made;
}

function named(url: string, prefix: string): TestTable {
  const table = `${prefix}-${randomBytes(4).toString("hex")}`;
  const drop = async () => {
    const { status } = await fetch(`${url}/${table}/schema`, { method: "DELETE", signal: AbortSignal.timeout(60_000) });
    if (status !== 200) raise("BUG", { what: `table ${table} could not be dropped: ${status}` });
  };
  return { url, table, drop };
}
