import { Admin, ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from "@platformatic/kafka";
import { endOffsets } from "../real/topics.ts";

/** Removes a topic's records, as its retention would. */
export async function forgetRecords(brokers: readonly string[], topic: string): Promise<void> {
  const ends = await endOffsets(brokers, topic);
  const partitions = ends.map((offset, partition) => ({ partition, offset }));
  await withAdmin(brokers, (admin) => admin.deleteRecords({ topics: [{ name: topic, partitions }] }));
}

/** Sets settings of a topic. */
export async function alterTopic(
  brokers: readonly string[],
  topic: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const { SET } = IncrementalAlterConfigOperationTypes;
  const configs = Object.entries(values).map(([name, value]) => ({ name, configOperation: SET, value }));
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs };
  await withAdmin(brokers, (admin) => admin.incrementalAlterConfigs({ resources: [resource] }));
}

async function withAdmin(brokers: readonly string[], act: (admin: Admin) => Promise<unknown>): Promise<void> {
  const admin = new Admin({ clientId: "countercheck-test", bootstrapBrokers: [...brokers] });
  await act(admin).finally(() => admin.close());
}
