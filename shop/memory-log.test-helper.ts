import type { ShopRecord, ShopSink } from "./sink.ts";

/** A record in the order of its arrival. */
export interface LoggedRecord extends ShopRecord {
  readonly topic: string;
  readonly partition: number;
}

/** The shop's log in memory, in order of arrival, with its registry. */
export class MemoryLog implements ShopSink {
  readonly topics = new Map<string, number>();
  readonly records: LoggedRecord[] = [];
  /** Schemas; an id is the index plus one. */
  readonly schemas: { subject: string; schema: object }[] = [];
  /** How many records there were at each flush. */
  readonly flushes: number[] = [];
  endTime: number | undefined;

  createTopic(topic: string, partitions: number): void {
    this.topics.set(topic, partitions);
  }

  append(topic: string, partition: number, record: ShopRecord): void {
    this.records.push({ ...record, topic, partition });
  }

  flush(): void {
    this.flushes.push(this.records.length);
  }

  end(timeMs: number): void {
    this.endTime = timeMs;
  }

  async register(subject: string, schema: object): Promise<number> {
    return this.schemas.push({ subject, schema: JSON.parse(JSON.stringify(schema)) });
  }
}
