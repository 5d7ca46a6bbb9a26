import { makeSplitTable, makeTestTable } from "../connectors/hbase/test-table.ts";
import { hbaseClassPath } from "../stack/servers/hbase.ts";
import { startStack } from "../stack/stack.ts";
import { whyNoServers } from "../test/servers/availability.ts";

/** A table of HBase that goes when it is disposed of. */
export interface BenchTable extends AsyncDisposable {
  readonly url: string;
  readonly table: string;
}

/** Why there is no HBase here, in one line; undefined when there is. */
export function whyNoHBase(): string | undefined {
  return process.env.COUNTERCHECK_HBASE_URL === undefined ? whyNoServers() : undefined;
}

/**
 * An empty, split table in an HBase that is started for it; or in the one whose REST server COUNTERCHECK_HBASE_URL names,
 * split when COUNTERCHECK_HBASE_ZOOKEEPER (host:port) says where its ZooKeeper is. STACK_ errors.
 */
export async function openBenchTable(): Promise<BenchTable> {
  const { COUNTERCHECK_HBASE_URL: given, COUNTERCHECK_HBASE_ZOOKEEPER: zookeeper } = process.env;
  if (given !== undefined) {
    const made =
      zookeeper === undefined ? makeTestTable(given) : makeSplitTable(given, zookeeper, await hbaseClassPath());
    const { url, table, drop } = await made;
    return { url, table, [Symbol.asyncDispose]: drop };
  }
  const stack = await startStack({ services: ["hbase"], ports: "free" });
  const { url, table } = await makeSplitTable(stack.hbase.url, stack.hbase.zookeeper, await hbaseClassPath());
  return { url, table, [Symbol.asyncDispose]: stack.close };
}
