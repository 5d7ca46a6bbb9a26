import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Key } from "../../base/key.ts";
import { shopConfig, writeShopLog } from "../../cli/shop-log.ts";
import paymentSettlement from "../../jobs/payment-settlement/job.ts";
import { TemporaryFolder } from "../support/cli.ts";
import { runLog } from "../support/shop-run.ts";

it.each([1, 2])(
  "each key whose rows come is told, so that answers about it are asked anew (parallelism %i)",
  async (parallelism) => {
    using folder = new TemporaryFolder();
    await writeShopLog({ dir: join(folder.path, "input"), seed: 1, orders: 50 });
    writeFileSync(join(folder.path, "config.json"), JSON.stringify(shopConfig("input", ".")));
    const changed = new Set<Key>();
    const { recorder } = await runLog(folder.path, {
      job: paymentSettlement,
      parallelism,
      onChanged: (key) => changed.add(key),
    });
    const judged = new Set(recorder.finals.map(({ key }) => key));
    expect(judged.size).toBeGreaterThan(40);
    expect([...judged].filter((key) => !changed.has(key))).toEqual([]);
  },
);
