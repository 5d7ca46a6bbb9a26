import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { Shop, Survivor, type Undisturbed } from "./survivor.ts";

const ORDERS = 1_500;
const KILLS = Number(process.env.COUNTERCHECK_KILLS ?? 6);
/** Many processes are started, each of them for seconds where others keep the machine busy. */
const TIMEOUT = 30 * 60_000;
const SEED = Number(process.env.COUNTERCHECK_KILL_SEED ?? 1);

/** In the order in which a checkpoint reaches them: each is behind one write, and before the next. */
const POINTS = [
  "compaction-begun",
  "compaction-done",
  "part-begun",
  "part-written",
  "outbox-written",
  "checkpoint-written",
  "checkpoint-renamed",
  "outbox-begun",
  "outbox-sent",
  "marker-written",
  "pruned",
];

let shop: Shop;
let undisturbed: Undisturbed;

beforeAll(async () => {
  shop = await Shop.lay(ORDERS);
  undisturbed = await shop.undisturbed(1);
}, 60_000);
afterAll(() => shop[Symbol.dispose]());

describe.concurrent.each([1, 2])(
  "a run of parallelism %i leaves what an undisturbed one does",
  { timeout: TIMEOUT },
  (parallelism) => {
    it("when it is killed at each place of a checkpoint in turn", async () => {
      using run = new Survivor(shop);
      for (const point of POINTS) await run.start({ parallelism, crashAt: [point, 2] }).died();
      const summary = await run.start({ parallelism }).complete();
      expect(summary.resumedFrom).toBeGreaterThanOrEqual(POINTS.length - 1);
      expect(await run.results(summary)).toEqual(undisturbed.results);
    });

    it(`when it is killed at any of ${KILLS} moments`, async () => {
      const random = seededRandom(SEED).fork(String(parallelism));
      const note = `seed ${SEED}`;
      for (let kills = 0; kills < KILLS; ) {
        using run = new Survivor(shop);
        for (let summary; summary === undefined; ) {
          const attempt = run.start({ parallelism });
          if (kills === KILLS) summary = await attempt.complete();
          else summary = await attempt.killedAfter((random.next() * undisturbed.runMs) / 3);
          if (summary === undefined) kills++;
          else expect(await run.results(summary), note).toEqual(undisturbed.results);
        }
      }
    });
  },
);
