import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readEvents } from "./events.ts";
import { eventFile } from "./generator.ts";
import { QUERIES } from "./queries/index.ts";
import { REFERENCES } from "./reference.ts";
import { differenceOf } from "./result-rows.ts";
import { resultHere } from "./run-here.ts";

const folder = mkdtempSync(join(tmpdir(), "nexmark-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A window of ten seconds, and an end within the next. */
const EVENTS = 120_000;
const file = eventFile(folder, EVENTS);
const all = readEvents(file);

describe("Nexmark's events", () => {
  it("are of three types in their proportions, in the order of event time", () => {
    const { persons, auctions, bids } = all;
    expect([persons.length, auctions.length, bids.length]).toEqual([2_400, 7_200, 110_400]);
    expect(bids.at(-1)!.dateTime - persons[0]!.dateTime).toBe(11_999);
  });

  it("refer to persons and auctions that are there, or soon will be", () => {
    const last = 1_000 + all.auctions.length - 1;
    expect(all.auctions.every(({ id }, index) => id === 1_000 + index)).toBe(true);
    expect(all.bids.every(({ auction }) => auction >= 1_000 && auction <= last + 10)).toBe(true);
    expect(all.auctions.every(({ dateTime, expires }) => expires > dateTime)).toBe(true);
  });

  it("have hot auctions for half of the bids, and hot sellers and bidders for three quarters", () => {
    const part = <T>(items: readonly T[], isHot: (item: T) => boolean) => items.filter(isHot).length / items.length;
    expect(part(all.bids, ({ auction }) => auction % 100 === 0)).toBeCloseTo(0.505, 1);
    expect(part(all.bids, ({ bidder }) => bidder % 100 === 1)).toBeCloseTo(0.75, 1);
    expect(part(all.auctions, ({ seller }) => seller % 100 === 0)).toBeCloseTo(0.75, 1);
  });
});

describe("Nexmark's queries as jobs", () => {
  it.each(QUERIES.map((query) => [query.name, query] as const))(
    "%s is what a plain computation gives",
    async (name, query) => {
      const result = await resultHere({ query, events: file, folder: join(folder, "run") });
      const wanted = REFERENCES[name]!(all);
      expect(wanted.size).toBeGreaterThan(0);
      expect(differenceOf(query.compared?.(result) ?? result, wanted)).toBeUndefined();
    },
    60_000,
  );
});
