import { expect, it } from "vitest";
import { type Random, seededRandom } from "../../base/random.ts";
import { Account, migrationJob, TurningJob } from "../../test/semantics/migration-support.ts";

interface Write {
  readonly side: "old" | "new";
  readonly at: number;
  /** Null deletes. */
  readonly balance: string | null;
}

const RUNS = 150;
const seed = Date.now() % 1_000_000;

/** A few writes to both sides in four minutes, many of them close together, some of them of one second. */
function writesOf(random: Random): Write[] {
  const times = Array.from({ length: 2 + random.below(14) }, () => random.below(random.chance(0.5) ? 60 : 240));
  return times
    .sort((a, b) => a - b)
    .map((at) => ({
      side: random.chance(0.5) ? "old" : "new",
      at,
      balance: random.chance(0.15) ? null : `${random.below(4)}.00 EUR`,
    }));
}

function play(account: Account, writes: readonly Write[]): Account {
  for (const { side, at, balance } of writes) {
    if (balance !== null) account[side](at, { balance });
    else if (side === "old") account.deleteOld(at);
    else account.deleteNew(at);
  }
  return account;
}

/** The writes in another order, each side's in its own. */
function interleaved(writes: readonly Write[], random: Random): Write[] {
  const sides = [writes.filter(({ side }) => side === "old"), writes.filter(({ side }) => side === "new")];
  const mixed: Write[] = [];
  while (sides.some((side) => side.length > 0)) {
    const side = random.pick(sides.filter((left) => left.length > 0));
    mixed.push(side.shift()!);
  }
  return mixed;
}

it(`verdicts depend on the set of changes alone: ${RUNS} sets in any order, judged at once or step by step, restarted or not; seed ${seed}`, () => {
  const failures = new Set<string>();
  for (let run = 0; run < RUNS; run++) {
    const random = seededRandom(`${seed}/${run}`);
    const writes = writesOf(random);
    const story = (account: Account) =>
      account
        .until(1_000)
        .driver.verdicts()
        .map(({ status, class: cause, time, note }) => [status, cause, time, note]);
    const expected = story(play(new Account(), writes));
    const context = `run ${run}: ${JSON.stringify(writes)}`;
    expect(story(play(new Account(), interleaved(writes, random))), context).toEqual(expected);
    const stepwise = new Account();
    for (const [i, write] of writes.entries()) play(stepwise, [write]).until((writes[i + 1]?.at ?? 500) - 1);
    expect(story(stepwise), context).toEqual(expected);
    if (run % 10 === 0) expect(story(play(new Account(new TurningJob().job), writes)), context).toEqual(expected);
    for (const [, cause] of expected) if (cause !== null) failures.add(String(cause));
  }
  expect([...failures].sort()).toEqual([
    "delete-not-propagated",
    "field-differs",
    "missing-in-new",
    "missing-in-old",
    "stale",
  ]);
});

it(`the sides are the same in the end exactly where the last verdict is a pass or none was told; seed ${seed}`, () => {
  for (let run = 0; run < RUNS; run++) {
    const writes = writesOf(seededRandom(`${seed}/end/${run}`));
    const last = (side: Write["side"]) => writes.findLast((write) => write.side === side)?.balance ?? null;
    const account = play(new Account(migrationJob()), writes).until(1_000);
    const fails = account.driver.verdicts().at(-1)?.status === "fail";
    expect(fails, `run ${run}: ${JSON.stringify(writes)}`).toBe(last("old") !== last("new"));
  }
});
