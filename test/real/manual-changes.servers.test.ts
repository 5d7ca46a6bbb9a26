import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, it } from "vitest";
import type { VerdictRecord } from "../../schemas/contracts.ts";
import { SqlBooks, type SqlFinding } from "../../shop/sql/manual-changes/sql-books.ts";
import { entryTables, limitTables } from "../../shop/sql/manual-changes/tables.ts";
import { root } from "../support/cli.ts";
import { LiveRun } from "./live-run.ts";
import { openRealShop, type RealShop } from "./real-shop.ts";

const servers = inject("servers");
const stamp = Date.now() % 100_000;
const TIMEOUT = 6 * 60_000;

/** Books in both databases, with the job that ships over them. */
async function withBooks(
  identity: "default" | "full",
  body: (real: RealShop, books: SqlBooks, run: LiveRun) => Promise<void>,
): Promise<void> {
  const name = `books_${identity}_${stamp}`;
  const real = await openRealShop(servers, name, { shop: limitTables, ledger: entryTables(identity) });
  const run = await LiveRun.prepare(servers, real, name);
  try {
    const books = new SqlBooks(real);
    await books.seed();
    await real.capture();
    await run.createTable();
    run.start({ job: join(root, "jobs/manual-changes"), parallelism: 2 });
    await body(real, books, run);
  } finally {
    await run.close();
    await real.close();
  }
}

/** Waits until all that must be found was, and gives what was found. */
async function judged(run: LiveRun, expected: readonly SqlFinding[]): Promise<SqlFinding[]> {
  const by = Date.now() + 60_000;
  for (const { check, row } of expected) {
    const isIt = (verdict: VerdictRecord) => findings([verdict]).some((f) => f.check === check && f.row === row);
    await run.until(isIt, by - Date.now());
  }
  // What comes too many would come by then.
  await sleep(5_000);
  return findings(await run.verdicts());
}

/** Failures, by the first row that their note shows. */
function findings(verdicts: readonly VerdictRecord[]): SqlFinding[] {
  const failed = verdicts.filter(({ status }) => status === "fail");
  return failed.map(({ check, class: cause, note }) => {
    return { check, class: cause!, row: Number(/\. (\d+)[: ]/.exec(note ?? "")?.[1]) };
  });
}

for (const identity of ["default", "full"] as const) {
  it(
    `finds what was written by hand, and nothing else, with replica identity ${identity}`,
    () =>
      withBooks(identity, async (_, books, run) => {
        const expected = await books.run();
        expect(sorted(await judged(run, expected))).toEqual(sorted(expected));
        const verdicts = await run.verdicts();
        expect(verdicts.filter(({ status }) => status !== "fail")).toEqual([]);
        expect(await run.stop()).toMatchObject({ code: 0 });
      }),
    TIMEOUT,
  );
}

function sorted(found: readonly SqlFinding[]): string[] {
  return found.map(({ check, class: cause, row }) => `${check} ${cause} ${row}`).sort();
}
