import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { Shop, type Summary, Survivor, TIMEOUT, type Undisturbed } from "./survivor.ts";

const ORDERS = 1_000;
const KILLS = Number(process.env.COUNTERCHECK_KILLS ?? 6);
const SEED = Number(process.env.COUNTERCHECK_KILL_SEED ?? Date.now() % 1_000_000);

/**
 * Each place is behind one write and before the next, and is where the process dies when it comes there for the so-many-th
 * time. A process that goes on from an outbox which is not out brings that out first.
 */
const PLACES: readonly (readonly [point: string, times: number])[] = [
  ["compaction-begun", 2],
  ["compaction-done", 2],
  ["part-begun", 2],
  ["part-written", 2],
  ["outbox-written", 2],
  ["checkpoint-written", 2],
  ["checkpoint-renamed", 2],
  ["outbox-begun", 1],
  ["outbox-sent", 1],
  ["marker-written", 1],
  ["outbox-begun", 2],
  ["outbox-sent", 2],
  ["marker-written", 2],
  ["pruned", 2],
  ["log-ended", 1],
];

/** Of the processes of a run, as chance picks. */
const PARALLELISMS = [[1], [2], ...(KILLS < 50 ? [] : [[1, 2, 3]])];

let shop: Shop;
let undisturbed: Undisturbed;

beforeAll(async () => {
  shop = await Shop.lay(ORDERS);
  undisturbed = await shop.undisturbed(1);
}, TIMEOUT);
afterAll(() => shop[Symbol.dispose]());

describe.concurrent("a run leaves what an undisturbed one does", { timeout: TIMEOUT }, () => {
  it.each([1, 2])("when it is killed at each place of a checkpoint in turn, at parallelism %i", async (parallelism) => {
    using run = new Survivor(shop);
    for (const crashAt of PLACES) await run.start({ parallelism, crashAt }).died();
    const summary = await run.start({ parallelism }).complete();
    expect(await run.results(summary)).toEqual(undisturbed.results);
  });

  it.each(PARALLELISMS.map((parallelisms) => [parallelisms]))(
    `when it is killed at any of ${KILLS} moments, at parallelism %j (seed ${SEED})`,
    async (parallelisms) => {
      const random = seededRandom(SEED).fork(`${parallelisms}`);
      for (let kills = 0; kills < KILLS; ) {
        using run = new Survivor(shop);
        let summary: Summary | undefined;
        while (summary === undefined) {
          const attempt = run.start({ parallelism: random.pick(parallelisms) });
          const ms = (random.next() * undisturbed.runMs) / 3;
          summary = await (kills < KILLS ? attempt.killedAfter(ms) : attempt.complete());
          if (summary === undefined) kills++;
        }
        expect(await run.results(summary), `after ${kills} kills`).toEqual(undisturbed.results);
      }
    },
  );
});
