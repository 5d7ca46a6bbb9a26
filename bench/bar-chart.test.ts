import { describe, expect, it } from "vitest";
import { barChart } from "./bar-chart.ts";

describe("a chart of bars", () => {
  const bars = [
    { name: "ours", value: 400_000, note: "load 1", isOurs: true },
    { name: "theirs & others", value: 40_000, note: "load 2", isOurs: false },
  ];
  const svg = barChart({ title: "Events", subtitles: ["more is <better>"], bars });

  it("has bars as long as their values", () => {
    const lengths = [...svg.matchAll(/<rect class="(?:ours|other)"[^>]* width="([\d.]+)"/g)].map((match) =>
      Number(match[1]),
    );
    expect(lengths).toHaveLength(2);
    expect(lengths[0]).toBeCloseTo(10 * lengths[1]!, 0);
  });

  it("says values and notes as text, whatever is in them", () => {
    for (const content of ["400,000", "40,000", "load 1", "theirs &amp; others", "more is &lt;better&gt;"])
      expect(svg).toContain(`>${content}</text>`);
  });

  it("is readable in the light and in the dark", () => {
    expect(svg).toContain("prefers-color-scheme:dark");
  });
});
