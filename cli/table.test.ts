import { describe, expect, it } from "vitest";
import { Amounts, amountsText } from "./amounts.ts";
import { parseDuration } from "./duration.ts";
import { flowed, grouped, printable, printableLines, shortened, table } from "./table.ts";

describe("what is printed", () => {
  it("stands in columns, numbers to the right", () => {
    const text = table(
      [{ title: "class" }, { title: "found", align: "right" }],
      [
        ["missing", "12"],
        ["é", "1,234"],
      ],
    );
    expect(text).toBe("class    found\nmissing     12\né        1,234");
  });

  it("cannot move the cursor of a terminal", () => {
    expect(printable("a\u001b[2Jb\nc\u009b")).toBe("a\\x1b[2Jb\\x0ac\\x9b");
    expect(printable("\u202egnp.exe\u2028 支付 👩‍🔧")).toBe("\\u202egnp.exe\\u2028 支付 👩‍🔧");
    expect(printableLines("a\r\n\tb")).toBe("a\\x0d\n\\x09b");
    expect(table([{ title: "t" }], [["\r\n"]])).toBe("t\n\\x0d\\x0a");
  });

  it("is shortened in its middle, or flows on to the next line", () => {
    expect(shortened("0123456789", 10)).toBe("0123456789");
    expect(shortened("0123456789", 7)).toBe("012…789");
    const part = "x".repeat(50);
    expect(flowed([part, part, part], "  ")).toEqual([`  ${part}  ${part}`, `  ${part}`]);
  });

  it("has its thousands apart", () => {
    expect(grouped(1234567.4)).toBe("1,234,567");
  });
});

describe("amounts", () => {
  it("are summed exactly per currency, at the finest scale that came", () => {
    const amounts = new Amounts();
    for (const [currency, amount] of [
      ["USD", "0.1"],
      ["EUR", "90071992547409.93"],
      ["USD", "0.205"],
      ["EUR", "0"],
    ] as const) {
      amounts.add(currency, amount);
    }
    amounts.add("GBP", "1");
    amounts.add("GBP", "-1.00");
    expect(amounts.toRecord()).toEqual({ EUR: "90071992547409.93", USD: "0.305" });
    expect(amountsText(amounts.toRecord())).toBe("90071992547409.93 EUR, 0.305 USD");
    expect(amountsText({})).toBe("nothing");
  });
});

describe("durations", () => {
  it.each([
    ["500ms", 500],
    ["10s", 10_000],
    ["5m", 300_000],
    ["24h", 86_400_000],
    ["2d", 172_800_000],
  ])("%s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["10", "s", "1.5h", "-1s", "1h30m", " 1s"])("%j is none", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
