import { expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { id, model, table, text } from "../../dataflow/model.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { InventedTable, Recorder, sampleSource, TemporaryLog } from "../../test/support/debezium-harness.ts";
import type { DebeziumReader } from "./reader.ts";

const source = sampleSource("mariadb", {
  name: "db",
  tables: { things: { topic: "things" }, old_things: { topic: "old_things" } },
});

/** A model whose older table says its status in a column and by values of its own. */
const thing = (column: string, values: Readonly<Record<string, string>>) =>
  model("Thing", {
    from: [table("db", "things"), table("db", "old_things", { status: text({ column, values }) })],
    fields: { no: id("id"), status: text() },
  });

async function restarted(reader: DebeziumReader, open: () => DebeziumReader): Promise<DebeziumReader> {
  const saved = [...reader.splits.keys()].map((split) => {
    const out = new ByteWriter();
    reader.save(split, out);
    return Buffer.from(out.bytes());
  });
  reader.close();
  const next = open();
  for (const split of next.splits.keys()) await next.restore(split, new ByteReader(saved[split]!));
  return next;
}

async function rest(reader: DebeziumReader): Promise<Recorder> {
  const output = new Recorder();
  for (const split of reader.splits.keys()) while (await reader.read(split, 1 << 20, output));
  return output;
}

it("one table is broken and mended by its own mapping; of the others nothing is read again", async () => {
  using log = new TemporaryLog();
  const registry = new FolderRegistry(`${log.dir}/schemas`);
  const now = new InventedTable(registry, "things", { id: "int", status: "string" });
  const before = new InventedTable(registry, "old_things", { id: "int", state: "int" });
  const altered = new InventedTable(registry, "old_things", { id: "int", phase: "string" });
  log.write([
    await now.message("c", { id: 1, status: "done" }),
    await before.message("c", { id: 2, state: 1 }),
    await altered.message("c", { id: 3, phase: "D" }),
  ]);
  const open = (declared: ReturnType<typeof thing>) => () => log.reader(source, [declared], registry);

  const broken = thing("state", { 1: "done" });
  let reader = open(broken)();
  const first = await rest(reader);
  expect(first.rows(broken).map(({ no, status }) => `${no} ${status}`)).toEqual(["1 done", "2 done"]);
  expect(first.suspensions).toMatchObject([
    {
      table: "old_things",
      models: ["Thing"],
      message: expect.stringContaining("is read from column state, which table old_things does not have"),
    },
  ]);

  const mended = thing("phase", { D: "done" });
  reader = await restarted(reader, open(mended));
  const again = await rest(reader);
  expect(again.rows(mended).map(({ no, status }) => `${no} ${status}`)).toEqual(["3 done"]);
  expect(again.events.filter(({ type }) => type === "mended")).toHaveLength(1);
  reader.close();
});

it("a mapping that fits no schema is the user's mistake, and names the table's own column", async () => {
  using log = new TemporaryLog();
  const registry = new FolderRegistry(`${log.dir}/schemas`);
  const before = new InventedTable(registry, "old_things", { id: "int", state: "double" });
  const now = new InventedTable(registry, "things", { id: "int", status: "string" });
  log.write([await now.message("c", { id: 1, status: "done" }), await before.message("c", { id: 2, state: 1.5 })]);
  const reader = log.reader(source, [thing("state", { 1: "done" })], registry);
  await expect(rest(reader)).rejects.toMatchObject({
    code: "MODEL_TYPE_MISMATCH",
    message: expect.stringContaining("column state of table old_things is double"),
  });
  reader.close();
});
