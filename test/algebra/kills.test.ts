import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { waitFor } from "../savepoints/growing-shop.ts";
import { expectSame } from "./results.ts";
import { AlgebraShop, JOB } from "./shop.ts";

const KILLS = Number(process.env.COUNTERCHECK_ALGEBRA_KILLS ?? 20);
const SEED = Number(process.env.COUNTERCHECK_KILL_SEED ?? Date.now() % 1_000_000);

describe("a job with every operator over a log that grows", () => {
  it(
    `leaves each line once when it is killed at ${KILLS} moments and goes on with other workers (seed ${SEED})`,
    async () => {
      using shop = await AlgebraShop.make(200);
      const random = seededRandom(SEED).fork("algebra");
      shop.log.config("killed", { state: { checkpointEvery: "30ms", memory: "32MB" } });
      let gained = 0;
      for (let kills = 0; kills < KILLS; kills++) {
        const run = shop.log.follow("killed", ["--parallelism", String(1 + ((kills + random.below(2)) % 3))], JOB);
        const before = shop.bytesIn("killed");
        await shop.isRunning("killed", run);
        shop.log.growTo((kills + random.next()) / KILLS);
        // Either while it recovers or begins to read, or when it has brought something out and reads on.
        if (random.chance(0.4)) await sleep(random.below(600));
        else {
          await waitFor(() => shop.bytesIn("killed") > before);
          shop.log.growTo((kills + 0.99) / KILLS);
          await sleep(random.below(100));
        }
        run.kill("SIGKILL");
        const { code, stderr } = await run.ended;
        expect({ code, stderr }, "it was killed").toEqual({ code: null, stderr: "" });
        if (shop.bytesIn("killed") > before) gained++;
      }
      shop.log.growTo(1);
      const whole = await shop.complete("whole", ["--parallelism", "2"]);
      const killed = await shop.goOn("killed", ["--parallelism", "3"]);
      process.stdout.write(`seed ${SEED}: killed ${KILLS} times, ${gained} times behind lines that were out\n`);
      expect(gained, "attempts that left lines before they were killed").toBeGreaterThan(KILLS / 4);
      expectSame(killed, whole, `seed ${SEED}`);
    },
    10 * 60_000,
  );
});
