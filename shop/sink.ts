/** Where the shop writes to: a partitioned log and the registry beside it. */
export interface ShopSink {
  createTopic(topic: string, partitions: number): void;
  /** Takes one record; the shop never changes the bytes afterwards. */
  append(topic: string, partition: number, record: ShopRecord): void;
  /** Makes everything that was appended to any partition visible to readers. */
  flush(): void;
  /** Puts an end marker into every partition: the log is complete through this event time. */
  end(timeMs: number): void;
  /** Registers a writer schema under a subject; gives its id. */
  register(subject: string, schema: object): Promise<number>;
}

/** A record as a Kafka Connect producer hands it to the log: key and value in Confluent framing, null for a tombstone. */
export interface ShopRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp: number;
  readonly headers?: Record<string, string>;
}
