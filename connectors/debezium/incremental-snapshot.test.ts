import { describe, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { OP } from "../../dataflow/change-layout.ts";
import { id, type Model, model, table } from "../../dataflow/model.ts";
import { edited, type Message, replay, sampleSource, samplesOf } from "../../test/support/debezium-harness.ts";
import type { DatabaseKind } from "./config.ts";

/** A model of payments, whose table is declared `before: full` or not. */
function payment(kind: DatabaseKind, isWhole: boolean): Model {
  const staged = model(isWhole ? "Whole" : "Staged", { from: table(kind, "payments"), fields: { id: id() } });
  return isWhole ? { ...staged, from: staged.from.map((from) => ({ ...from, before: "full" })) } : staged;
}

/** The captured snapshot's rows over and over, some of them as an incremental one would have them. */
function snapshot(kind: DatabaseKind, isIncremental: readonly boolean[]): Promise<Message[]> {
  const rows = samplesOf(kind)
    .filter(({ topic }) => topic.endsWith("payments"))
    .slice(0, 3);
  return Promise.all(
    isIncremental.map(async (one, i) =>
      edited(rows[i % rows.length]!, (envelope) => {
        expect(envelope.op).toBe("r");
        if (!one) return;
        envelope.source.snapshot = { string: "incremental" };
        if (kind === "postgresql") Object.assign(envelope.source, { lsn: null, txId: null, xmin: null });
      }),
    ),
  );
}

describe("rows of an incremental snapshot", () => {
  it("are told from those of others where the table is declared whole, wherever they stand", async () => {
    const [whole, staged] = [payment("mariadb", true), payment("mariadb", false)];
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const isIncremental = Array.from({ length: 40 }, () => random.chance(seed / 40));
      const messages = await snapshot("mariadb", isIncremental);
      const kindsOf = async (...models: Model[]) => {
        const output = await replay(sampleSource("mariadb"), models, messages);
        expect(output.faults).toEqual([]);
        return output.rows(models[0]!).map(({ $kind }) => $kind);
      };
      const told = isIncremental.map((one) => (one ? OP.incremental : OP.read));
      expect(await kindsOf(whole), `seed ${seed}`).toEqual(told);
      expect(await kindsOf(whole, staged), `seed ${seed}`).toEqual(told);
      expect(await kindsOf(staged)).toEqual(isIncremental.map(() => OP.read));
    }
  });

  it.each([true, false])(
    "are faults where they come from PostgreSQL, whose have no position; whole: %s",
    async (isWhole) => {
      const each = payment("postgresql", isWhole);
      const messages = await snapshot("postgresql", [false, false, true, false, true]);
      const output = await replay(sampleSource("postgresql"), [each], messages);
      expect(output.faults.map(({ code, offset }) => [code, offset])).toEqual([
        ["ENVELOPE_INVALID", 2],
        ["ENVELOPE_INVALID", 4],
      ]);
      expect(output.faults[0]!.message).toContain("it names no position in the source's log");
      expect(output.rows(each).map(({ $offset }) => $offset)).toEqual([0, 1, 3]);
    },
  );
});
