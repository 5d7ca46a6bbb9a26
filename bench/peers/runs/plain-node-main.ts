import { FolderRegistry } from "../../../schemas/folder-registry.ts";
import { linesTable, paymentsTable } from "../../../shop/tables.ts";
import { plainNode } from "../plain-node.ts";

/** The process of the plain program. */
const [brokers, prefix, schemas] = process.argv.slice(2) as [string, string, string];
process.on("message", () => process.exit());
process.on("disconnect", () => process.exit(1));
const registry = new FolderRegistry(schemas);
let told = 0;
let read = 0;
const { mismatches } = await plainNode({
  brokers: brokers.split(","),
  group: `${prefix}plain-node-${process.pid}`,
  topics: { payments: prefix + paymentsTable.topic, lines: prefix + linesTable.topic },
  schema: async (id) => (await registry.schemaById(id)) as object,
  onRead: (records) => {
    read = records;
    const now = performance.now();
    if (now - told < 50) return;
    told = now;
    process.send!({ read });
  },
});
process.send!({ read, last: mismatches });
