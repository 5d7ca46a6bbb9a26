import { expect, it } from "vitest";
import { shippedJobs } from "../../cli/shipped-jobs.ts";
import { ShopLog } from "../support/shop-run.ts";
import { decodeFileLog } from "./file-log.ts";
import { History } from "./history.ts";
import { allJobs, opinionOfSql, opinionOfStream } from "./oracle.ts";

const jobs = await allJobs();

/** SQL and stream agree about what ever failed, and what fails at the end, in the traffic of each seed. */
export function testSeeds(first: number, last: number, orders: number): void {
  const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  it.each(seeds)("seed %i: SQL over the tables' history finds what the checks find, and nothing else", async (seed) => {
    using log = await ShopLog.write(seed, orders, shippedJobs);
    const { recorder } = await log.run(undefined, 1, jobs);
    const history = new History(decodeFileLog(log.input), log.truth.endTime);
    const opinion = opinionOfSql(history);
    history.close();
    expect(opinion.ever.length).toBeGreaterThan(10);
    expect(opinionOfStream(recorder.history, recorder.finals)).toEqual(opinion);
  });
}
