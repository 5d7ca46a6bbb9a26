import { describe, expect, it } from "vitest";
import { beginningAbove } from "./epoch.ts";

describe("the epoch of a submission", () => {
  it("is above an embedded run's first, which may have left no marker", () => {
    expect(beginningAbove([undefined, undefined])).toEqual({ epoch: 2, attempt: 2 });
  });

  it("is above the marker's and the savepoint's", () => {
    expect(
      beginningAbove([
        { epoch: 4, attempt: 9 },
        { epoch: 6, attempt: 7 },
      ]),
    ).toEqual({ epoch: 7, attempt: 10 });
  });
});
