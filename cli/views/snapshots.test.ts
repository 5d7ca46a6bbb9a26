import { describe, expect, it } from "vitest";
import { snapshot } from "../../snapshots/snapshot-store.suite.ts";
import { knownText, overtakenText } from "./snapshots.ts";

const HOUR = 3_600_000;

describe("what is known of a key", () => {
  it("names versions that a later run overtook apart from those that count", () => {
    const said = (epoch: number, version: number) => snapshot({ epoch, version, time: version * HOUR });
    expect(knownText([said(1, 1), said(1, 2), said(2, 3), said(1, 4)])).toBe(
      "versions 1 to 3 in EUR of payment-settlement, from 1970-01-01T01:00:00Z to 1970-01-01T03:00:00Z; " +
        "version 4 in EUR of payment-settlement (overtaken by a later run), from 1970-01-01T04:00:00Z",
    );
    expect(overtakenText(said(1, 4))).toBe("Version 4 of epoch 1 no longer counts: a later run began before it.");
  });
});
