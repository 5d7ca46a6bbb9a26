import { workerData } from "node:worker_threads";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { TransactionalProducer } from "../../connectors/kafka/transactions.ts";

/** A worker that begins a transaction and never ends it: its records never do. */
const { brokers, topic } = workerData as { brokers: string[]; topic: string };
const cluster = new KafkaCluster({ clientId: "open-transaction", brokers });
const producer = await TransactionalProducer.open(cluster, { transactionalId: topic });
const value = Buffer.alloc(100_000);
await producer.commit(
  (function* () {
    for (;;) yield { topic, partition: 0, key: null, value, timestamp: Date.now() };
  })(),
);
