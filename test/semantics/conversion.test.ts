import { describe, expect, it } from "vitest";
import { hours } from "../../base/time.ts";
import { job } from "../../checks/job.ts";
import type { Leg } from "../../dataflow/leg.ts";
import { id, instant, model, money, rate, table, text } from "../../dataflow/model.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import { captured, finalLines, H, Payment, SKEW } from "./support.ts";

/** What the acquirer settled in its own currency, with the rate that it took. */
const Converted = model("Converted", {
  from: table("ledger", "converted_lines"),
  fields: {
    paymentId: id(),
    net: money(),
    fx: rate({ column: "fx_rate", scale: 6 }),
    soldIn: text(),
    bookedAt: instant(),
  },
  businessTime: "bookedAt",
});

const conversionJob = (rounding: "halfEven" | "down" | "up" = "halfEven") =>
  job("conversion", (env) => {
    const lines = env.changes(Converted);
    env.reconcile("conversion", {
      by: "paymentId",
      expect: { captured: env.changes(Payment).sum("amount") },
      actual: { settled: lines.sum("net").convertedTo("soldIn", { rate: "fx", rounding }) },
      missingAfter: hours(24),
    });
  });

interface Line {
  readonly net: string;
  readonly fx: string | null;
  readonly soldIn: string | null;
}

function run(amount: string, lines: readonly Line[], rounding?: "halfEven" | "down" | "up"): TestDriver {
  const driver = testJob(conversionJob(rounding)).upsert(Payment, 1, { at: 0 }, captured(7, amount, 0));
  for (const [index, { net, fx, soldIn }] of lines.entries()) {
    driver.upsert(Converted, index, { at: H }, { paymentId: 7, net, fx, soldIn, bookedAt: H });
  }
  return driver.end(30 * H + SKEW);
}

const says = (...of: Parameters<typeof run>) => finalLines(run(...of));

describe("no conversion leg with its rate: a line in another currency that brings its rate counts in the captured one", () => {
  it.each<[string, string, readonly Line[], readonly string[]]>([
    ["it settles exactly", "92.00 EUR", [{ net: "100.00 USD", fx: "0.92", soldIn: "EUR" }], ["EUR pass"]],
    [
      "a minor unit too little is one",
      "92.01 EUR",
      [{ net: "100.00 USD", fx: "0.92", soldIn: "EUR" }],
      ["EUR fail under-charge 0.01"],
    ],
    [
      "without a rate it is a currency-mismatch",
      "92.00 EUR",
      [{ net: "100.00 USD", fx: null, soldIn: "EUR" }],
      ["EUR fail currency-mismatch 92.00", "USD pending"],
    ],
    [
      "without a currency to count in it is a currency-mismatch",
      "92.00 EUR",
      [{ net: "100.00 USD", fx: "0.92", soldIn: null }],
      ["EUR fail currency-mismatch 92.00", "USD pending"],
    ],
    [
      "a code that is none is no currency to count in",
      "92.00 EUR",
      [{ net: "100.00 USD", fx: "0.92", soldIn: "EURO" }],
      ["EUR fail currency-mismatch 92.00", "USD pending"],
    ],
    [
      "a line in the captured currency counts as it is, whatever its rate",
      "92.00 EUR",
      [{ net: "92.00 EUR", fx: "0.5", soldIn: "EUR" }],
      ["EUR pass"],
    ],
    [
      "lines of several currencies add up",
      "100.00 EUR",
      [
        { net: "50.00 USD", fx: "0.92", soldIn: "EUR" },
        { net: "1000 JPY", fx: "0.006", soldIn: "EUR" },
        { net: "48.00 EUR", fx: null, soldIn: null },
      ],
      ["EUR pass"],
    ],
    ["from three digits to none", "482 JPY", [{ net: "1.000 KWD", fx: "482.4", soldIn: "JPY" }], ["JPY pass"]],
    [
      "a claw-back is converted alike",
      "46.00 EUR",
      [
        { net: "100.00 USD", fx: "0.92", soldIn: "EUR" },
        { net: "-50.00 USD", fx: "0.92", soldIn: "EUR" },
      ],
      ["EUR pass"],
    ],
  ])("%s", (_, amount, lines, expected) => {
    expect(says(amount, lines)).toEqual(expected);
  });
});

describe("rounding happens only where a rule names a mode", () => {
  const half: readonly Line[] = [{ net: "0.50 USD", fx: "0.25", soldIn: "EUR" }];

  it.each<["halfEven" | "down" | "up", string]>([
    ["halfEven", "0.12 EUR"],
    ["down", "0.12 EUR"],
    ["up", "0.13 EUR"],
  ])("half a cent, %s: %s", (rounding, amount) => {
    expect(says(amount, half, rounding)).toEqual(["EUR pass"]);
  });

  it("each line by itself, and never by floats", () => {
    const third: Line = { net: "33333333333333.33 USD", fx: "1.000001", soldIn: "EUR" };
    expect(says("33333366666666.66 EUR", [third], "down")).toEqual(["EUR pass"]);
  });
});

describe("the evidence of a conversion", () => {
  it("shows what counts, beside the line's own amount and its rate", () => {
    const driver = run("1.00 EUR", [{ net: "1.00 USD", fx: "0.92", soldIn: "EUR" }]);
    const [line] = driver.verdicts()[0]!.contributions.filter(({ leg }) => leg === "settled");
    expect(line!.amount).toBe("0.92 EUR");
    expect(line!.fields).toMatchObject({ net: "1.00 USD", fx: "0.920000", soldIn: "EUR" });
  });
});

describe("a conversion that cannot be made is refused", () => {
  const jobOf = (leg: Leg<"paymentId">) =>
    job("refused", (env) =>
      env.reconcile("refused", {
        by: "paymentId",
        expect: { captured: env.changes(Payment).sum("amount") },
        actual: { settled: leg },
        missingAfter: hours(24),
      }),
    );
  const legOf = (to: string, fx: string, rounding: string) => {
    let leg: Leg<"paymentId"> | undefined;
    job("legs", (env) => {
      const options = { rate: fx as "fx", rounding: rounding as "up" };
      leg = env
        .changes(Converted)
        .sum("net")
        .convertedTo(to as "soldIn", options);
    }).graph();
    return leg!;
  };

  it.each([
    ["a currency that is no text", "bookedAt", "fx", "up", /bookedAt of Converted should name a currency/],
    ["a rate that is money", "soldIn", "net", "up", /net of Converted is no rate/],
    ["a mode that is none", "soldIn", "fx", "nearest", /the rounding of net should be one of/],
  ])("%s", (_, to, fx, rounding, message) => {
    expect(() => jobOf(legOf(to, fx, rounding)).graph()).toThrow(message);
  });

  it("a rate is no money", () => {
    const summed = job("summed", (env) =>
      env.reconcile("summed", {
        by: "paymentId",
        expect: { captured: env.changes(Payment).sum("amount") },
        actual: { settled: env.changes(Converted).sum("fx" as "net") },
        missingAfter: hours(24),
      }),
    );
    expect(() => summed.graph()).toThrow(/fx of Converted is a rate, which is no money/);
  });
});
