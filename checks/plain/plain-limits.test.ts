import { expect, it } from "vitest";
import { packCurrency } from "../../base/money.ts";
import { days } from "../../base/time.ts";
import { ADD } from "../../dataflow/change-layout.ts";
import { allSaid, ComparedRun, comparedJob, Payment } from "../../test/support/compared-check.ts";
import { ShortOfMemory } from "../../test/support/short-memory.ts";

const START = Date.UTC(2026, 0, 1);
const EUR = packCurrency("EUR");

/** What is said of a key with nine payments that have notes of so many characters; nothing comes of them. */
function toldOf(characters: number, isPlain: boolean) {
  const run = new ComparedRun(new ShortOfMemory(comparedJob({ skewMs: 2_000, retainDays: 60 }, isPlain)), START);
  for (let i = 0; i < 9; i++) {
    const row = { key: Buffer.from("'a"), row: `row-${i}`, amount: 1, currency: EUR, note: "n".repeat(characters) };
    run.put(Payment, ADD, [row], START + i * 1_000);
  }
  for (const source of ["shop", "ledger"]) run.advance(source, START + days(1));
  return allSaid(run.check);
}

it("keys whose rows are as long as a record may be say what others say, whatever else it has to hold", () => {
  for (let characters = 1_930; characters < 1_970; characters++) {
    const told = toldOf(characters, true);
    expect(told, `${characters} characters`).toEqual(toldOf(characters, false));
    expect(told.verdicts.at(-1)).toMatchObject({ status: "fail" });
  }
});
