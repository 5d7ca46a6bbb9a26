import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import paymentSettlement from "../../jobs/payment-settlement/job.ts";
import { readConfig } from "../config.ts";
import { shopConfig } from "../shop-log.ts";
import { examineTruth } from "./truth.ts";

const dir = mkdtempSync(join(tmpdir(), "countercheck-truth-"));
afterAll(() => rmSync(dir, { recursive: true }));

it("tells which questions cannot be asked, and of which checks there are none", async () => {
  const reference = (name: string) => `$${`{env:${name}}`}`;
  // Nobody listens there.
  process.env.TRUTH_TEST_REDIS = "redis://127.0.0.1:1";
  process.env.TRUTH_TEST_LEDGER = "postgres://ada:secret@127.0.0.1:1/ledger";
  const { sources, ...rest } = shopConfig("log", "out");
  const ledger = { ...sources.ledger, database: { url: reference("TRUTH_TEST_LEDGER") } };
  const asking = (source: string) => ({
    actual: { sql: { source, query: "SELECT currency, amount FROM t WHERE id = $1" } },
  });
  const reread = {
    "payment-settlement": asking("ledger"),
    "batch-payout": asking("shop"),
    elsewhere: asking("ledger"),
  };
  const file = join(dir, "config.json");
  const redis = { url: reference("TRUTH_TEST_REDIS") };
  writeFileSync(file, JSON.stringify({ ...rest, sources: { ...sources, ledger }, redis, reread }));
  const findings = await examineTruth(readConfig(file), paymentSettlement.graph());
  expect(findings).toMatchObject([
    { level: "problem", about: "redis", says: expect.stringContaining("Redis at 127.0.0.1:1 does not answer") },
    { level: "warning", about: "reread.payment-settlement", says: expect.stringContaining("ECONNREFUSED") },
    { level: "problem", about: "reread.batch-payout", says: expect.stringContaining("shop has no `database`") },
    { level: "warning", about: "reread.elsewhere", says: expect.stringContaining("no check of payment-settlement") },
  ]);
  expect(JSON.stringify(findings)).not.toContain("secret");
});
