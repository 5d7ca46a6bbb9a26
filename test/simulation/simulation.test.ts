import { describe, expect, it } from "vitest";
import { DISTURBANCES, isDisturbed, type Outcome, simulate } from "./simulation.ts";

/** Seeds from 1 on, or a single one: see the script of the tests. */
const COUNT = Number(process.env.COUNTERCHECK_SIMULATIONS ?? 100);
const ONE = process.env.COUNTERCHECK_SEED === undefined ? undefined : Number(process.env.COUNTERCHECK_SEED);

if (ONE === undefined) describe("a simulated job", testMany);
else it(`leaves what an undisturbed one does: seed ${ONE}`, () => testOne(ONE));

function testMany(): void {
  const outcomes: Outcome[] = [];

  it.each(Array.from({ length: COUNT }, (_, index) => index + 1))(
    "leaves what an undisturbed one does: seed %i",
    async (seed) => {
      const outcome = await simulate(seed);
      outcomes.push(outcome);
      expect(outcome.problems, reproduction(outcome)).toEqual([]);
    },
  );

  it("was disturbed nearly always, in every way", () => {
    const undisturbed = outcomes.filter((outcome) => !isDisturbed(outcome)).map(({ seed }) => seed);
    expect(undisturbed.length, `undisturbed: seeds ${undisturbed.join(", ")}`).toBeLessThan(0.15 * outcomes.length);
    const happened = new Set(outcomes.flatMap((outcome) => [...outcome.happened.keys()]));
    process.stdout.write(`${outcomes.length} seeds, undisturbed ${undisturbed.length}; ${shown(totalsOf(outcomes))}\n`);
    const others = ["slow-sync", "stale-source", "other-parallelism", "damaged-checkpoint", "recovery"];
    expect([...happened].sort()).toEqual([...DISTURBANCES, ...others].sort());
  });

  it.each([1, 2, 3, 4, 5])("does the same whenever it is repeated: seed %i", async (seed) => {
    const known = outcomes.find((outcome) => outcome.seed === seed);
    expect((await simulate(seed)).digest).toBe(known?.digest);
  });
}

async function testOne(seed: number): Promise<void> {
  const outcome = await simulate(seed);
  process.stdout.write(`seed ${seed}: ${shown(outcome.happened)}\n`);
  expect(outcome.problems, reproduction(outcome)).toEqual([]);
}

function totalsOf(outcomes: readonly Outcome[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { happened } of outcomes) {
    for (const [what, times] of happened) totals.set(what, (totals.get(what) ?? 0) + times);
  }
  return totals;
}

function shown(happened: ReadonlyMap<string, number>): string {
  return [...happened].map(([what, times]) => `${times} × ${what}`).join(", ");
}

function reproduction({ seed, happened }: Outcome): string {
  const what = [...happened.keys()].join(", ") || "nothing";
  return `seed ${seed} (${what}); again: npm run test:simulation -- --seed ${seed}`;
}
