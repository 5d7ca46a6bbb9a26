import { describe, expect, it } from "vitest";
import { SourceWriter } from "./source-writer.ts";

describe("the text of a decoder", () => {
  it("takes nothing of a schema in but whole numbers", () => {
    const out = new SourceWriter();
    expect(out.integer(16)).toBe("16");
    for (const size of ["16", "0; evil()", 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
      expect(() => out.integer(size as number)).toThrow(expect.objectContaining({ code: "BUG" }));
    }
  });
});
