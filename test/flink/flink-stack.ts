import { delimiter, dirname } from "node:path";
import type { ServiceName } from "../../stack/services.ts";
import { type Stack, startStack } from "../../stack/stack.ts";

/** Starts Kafka and a cluster of Flink on free ports, whose TaskManagers have this Node on their path and this machine's files. */
export async function startFlinkStack(cluster: Extract<ServiceName, "flink" | "flink-ha">): Promise<Stack> {
  process.env.PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  return startStack({ services: ["kafka", cluster], ports: "free", outsideDocker: true });
}
