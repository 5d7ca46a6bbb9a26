import { describe, expect, it } from "vitest";
import { messageOf } from "../../base/errors.ts";
import { days, seconds } from "../../base/time.ts";
import { flag, id, instant, integer, model, money, number, table, text } from "../../dataflow/model.ts";
import { job } from "../job.ts";

const Old = model("Old", {
  from: table("shop", "accounts"),
  fields: { accountId: id("id"), name: text(), balance: money(), openedAt: instant() },
});
const New = model("New", {
  from: table("ledger", "accounts_v2"),
  fields: { accountId: id("legacy_id"), owner: text(), balance: money(), openedAt: instant() },
});
const RIGHT = {
  by: "accountId",
  compare: { name: { as: "owner" }, balance: true, openedAt: { oldClock: "Europe/Berlin" } },
  failAfter: seconds(30),
};

/** What is said of a rule that differs from a right one; nothing when it is right. */
function refusal(changes: object): string {
  const tested = job("tested", (env) => {
    const { old = Old, new: replica = New, ...rest } = changes as { old?: typeof Old; new?: typeof New };
    env.replica("accounts", { ...RIGHT, old: env.changes(old), new: env.changes(replica), ...rest } as never);
  });
  try {
    tested.graph();
    return "";
  } catch (error) {
    return messageOf(error);
  }
}

it("takes a rule that is right", () => {
  expect(refusal({})).toBe("");
  expect(refusal({ backfilledAfter: days(3), backfilled: { by: "openedAt", before: 0 }, direction: "newToOld" })).toBe(
    "",
  );
});

it.each([
  [{ by: "name" }, "`by` is name, which is no id of Old"],
  [{ failAfter: undefined }, "`failAfter` is missing, as in `failAfter: seconds(30)`"],
  [{ failAfter: 30 }, "`failAfter` is 30 ms: write it with its unit"],
  [{ backfilledAfter: seconds(10) }, "`backfilledAfter` is shorter than `failAfter`"],
  [{ backfilled: { by: "openedAt", before: 0 } }, "`backfilledAfter`, which is missing"],
  [{ backfilledAfter: days(3), backfilled: { by: "name", before: 0 } }, "name, which is no instant of Old"],
  [{ backfilledAfter: days(3), backfilled: { by: "openedAt", before: "2026" } }, "should be a time"],
  [{ direction: "both" }, '`direction` should be "oldToNew" or "newToOld"'],
  [{ compare: {} }, "`compare` names no field"],
  [{ compare: { ...RIGHT.compare, colour: true } }, "`compare` names colour, which is no field of Old"],
  [{ compare: { ...RIGHT.compare, name: true } }, "name is compared with name, which is no field of New"],
  [{ compare: { ...RIGHT.compare, name: { as: "balance" } } }, "name is text and balance is money"],
  [{ compare: { balance: true, openedAt: true } }, "name of Old is neither compared nor ignored"],
  [{ compare: { balance: true, openedAt: true }, ignore: ["name"] }, "owner of New is neither compared nor ignored"],
  [{ ignore: ["colour"] }, "`ignore` names colour, which is no field of either model"],
  [{ compare: { ...RIGHT.compare, openedAt: { oldClock: "Berlin" } } }, '"Berlin" is no time zone'],
  [{ compare: { ...RIGHT.compare, name: { as: "owner", oldClock: "UTC" } } }, "name has a clock, but is no instant"],
  [{ compare: { ...RIGHT.compare, openedAt: { oldClock: "UTC", newClock: "UTC" } } }, "a clock on both sides"],
  [{ version: 0 }, "`version`"],
])("refuses %j", (changes, text) => {
  const said = refusal(changes);
  expect(said).toContain("accounts");
  expect(said).toContain(text);
});

describe("what null is the same as", () => {
  const kinds = {
    flagged: flag(),
    partner: id(),
    at: instant(),
    local: instant(),
    days: integer(),
    limit: money(),
    rate: number(),
    note: text(),
  };
  const Left = model("Left", { from: table("shop", "left"), fields: { accountId: id(), ...kinds } });
  const Right = model("Right", { from: table("ledger", "right"), fields: { accountId: id(), ...kinds } });

  function refusalOf(name: string, nullIs: string): string {
    const all = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, true]));
    const how = name === "local" ? { nullIs, oldClock: "Europe/Berlin" } : { nullIs };
    return refusal({ old: Left, new: Right, compare: { ...all, [name]: how } });
  }

  it.each([
    ["flagged", "false"],
    ["partner", "42"],
    ["partner", "none"],
    ["partner", "'007"],
    ["at", "1970-01-01T00:00:00.000Z"],
    ["local", "1970-01-01T00:00:00.000 Europe/Berlin"],
    ["days", "-1"],
    ["limit", "0.00"],
    ["rate", "0.5"],
    ["note", ""],
  ])("of %s may be %j", (name, nullIs) => expect(refusalOf(name, nullIs)).toBe(""));

  it.each([
    ["flagged", "0", "false"],
    ["partner", "007", "7"],
    ["partner", "", "'"],
    ["at", "1970-01-01", "1970-01-01T00:00:00.000Z"],
    ["at", "never Z", "1970-01-01T00:00:00.000Z"],
    ["local", "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000 Europe/Berlin"],
    ["days", "00", "0"],
    ["limit", "nothing", "0"],
    ["rate", "0.50", "0"],
    ["rate", "Infinity", "0"],
  ])("of %s is not %j, but %j for instance", (name, nullIs, right) =>
    expect(refusalOf(name, nullIs)).toContain(`write it as ${JSON.stringify(right)}`),
  );
});

it("refuses a table that is compared with itself", () => {
  const tested = job("tested", (env) => {
    const spec = { ...RIGHT, compare: { name: true, balance: true, openedAt: true } };
    env.replica("accounts", { ...spec, old: env.changes(Old), new: env.changes(Old) } as never);
  });
  expect(() => tested.graph()).toThrow("`old` and `new` are the same model");
});
