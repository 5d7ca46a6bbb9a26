import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { shopConfig } from "../../cli/shop-log.ts";
import { ended, root, startCountercheck, TemporaryFolder } from "../support/cli.ts";
import { layShopLog } from "../support/shop.ts";

const ORDERS = 500;
const SINKS = ["ordered", "unordered", "late"] as const;

/** A server that names payments, slowly, not in order, and now and then not at all. */
class Names {
  readonly #server: Server;
  readonly #random = seededRandom(1).fork("names");
  /** How many were asked about at once. */
  most = 0;
  #now = 0;

  constructor() {
    this.#server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      const ids = body.split(",");
      this.#now += ids.length;
      this.most = Math.max(this.most, this.#now);
      await sleep(this.#random.below(15));
      this.#now -= ids.length;
      response.statusCode = this.#random.chance(0.05) ? 503 : 200;
      response.end(ids.map((id) => `name of ${id}`).join());
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe("a job that asks a server", () => {
  const names = new Names();
  let folder: TemporaryFolder;
  let undisturbed: Results;

  beforeAll(async () => {
    await names.listen();
    folder = new TemporaryFolder();
    await layShopLog(folder.path, ORDERS, { flushEvery: 20 });
    const run = start(0, 1);
    expect(await ended(run)).toMatchObject({ code: 0, stderr: "" });
    undisturbed = resultsOf(0);
  });

  afterAll(() => {
    names.close();
    folder[Symbol.dispose]();
  });

  const start = (run: number, parallelism: number) => {
    const config = { ...shopConfig("input", `out${run}`), state: { checkpointEvery: "30ms", memory: "32MB" } };
    writeFileSync(join(folder.path, `config${run}.json`), JSON.stringify(config));
    const args = ["run", join(root, "test/survive/lookup-job.ts"), "--config", `config${run}.json`, "--json"];
    return startCountercheck([...args, "--parallelism", String(parallelism)], {
      cwd: folder.path,
      env: { COUNTERCHECK_TEST_URL: names.url },
    });
  };

  const resultsOf = (run: number): Results =>
    Object.fromEntries(
      SINKS.map((sink) => [sink, readFileSync(join(folder.path, `out${run}/sinks/${sink}.jsonl`), "utf8").split("\n")]),
    ) as Results;

  it("has the name of each payment, and none of them late", () => {
    expect(undisturbed.ordered.length).toBeGreaterThan(ORDERS);
    expect(undisturbed.ordered[0]).toContain("name of");
    expect(undisturbed.unordered.toSorted()).toEqual(undisturbed.ordered.toSorted());
    expect(undisturbed.late.filter((line) => line.includes('"late":"late"'))).toEqual([]);
    // Two look-ups, 50 rows each.
    expect(names.most).toBeLessThanOrEqual(100);
  });

  it.each([1, 2])(
    "asks again after it was killed, and leaves each result once, at any parallelism: seed %i",
    async (seed) => {
      const random = seededRandom(seed).fork("kills");
      let kills = 0;
      for (;;) {
        const child = start(seed, seed === 1 ? 1 : 1 + random.below(3));
        const end = ended(child);
        const isOver = await Promise.race([end.then(() => true), sleep(600 + random.below(1_500)).then(() => false)]);
        if (!isOver && kills < 6) {
          kills++;
          child.kill("SIGKILL");
          await end;
          continue;
        }
        expect(await end).toMatchObject({ code: 0, stderr: "" });
        break;
      }
      process.stdout.write(`seed ${seed}: killed ${kills} times\n`);
      const results = resultsOf(seed);
      for (const sink of SINKS) expect(results[sink].toSorted(), sink).toEqual(undisturbed[sink].toSorted());
      if (seed === 1) expect(results.ordered).toEqual(undisturbed.ordered);
    },
  );
});

type Results = Record<(typeof SINKS)[number], string[]>;
