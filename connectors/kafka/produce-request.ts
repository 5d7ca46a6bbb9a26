import { createAPI, ProtocolError, type Reader, Writer } from "@platformatic/kafka";
import type { CountercheckError } from "../../base/errors.ts";
import { kafkaError } from "./errors.ts";

/** A sealed batch and where it goes. */
export interface OutgoingBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
  /** Records in it. */
  readonly count: number;
}

/** What became of one batch of a request. */
export interface ProduceResult {
  readonly topic: string;
  readonly partition: number;
  /** Zero: it is in the log. */
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /** Offset of its first record; −1 where the broker no longer knows. */
  readonly baseOffset: number;
}

/**
 * Produce, version 9, acknowledged by all in-sync replicas. At most one batch of a partition in a request. What became of
 * each batch is in the response, which therefore never rejects for a partition's error.
 */
export const produceApi = createAPI<
  [transactionalId: string | null, timeoutMs: number, batches: readonly OutgoingBatch[]],
  readonly ProduceResult[]
>(0, 9, writeRequest, readResponse);

/** The catalogued error for a batch that was not taken: KAFKA_UNAVAILABLE when a repeat may help. */
export function produceError(result: ProduceResult, broker: string): CountercheckError {
  const doing = `topic ${result.topic}, partition ${result.partition}, for writing`;
  return kafkaError(new ProtocolError(result.errorCode, result.errorMessage), { doing, broker });
}

const ALL_IN_SYNC = -1;

function writeRequest(transactionalId: string | null, timeoutMs: number, batches: readonly OutgoingBatch[]): Writer {
  const topics = Map.groupBy(batches, ({ topic }) => topic);
  return Writer.create()
    .appendString(transactionalId)
    .appendInt16(ALL_IN_SYNC)
    .appendInt32(timeoutMs)
    .appendArray([...topics], (writer, [topic, ofTopic]) => {
      writer.appendString(topic).appendArray(ofTopic, (inner, { partition, bytes }) => {
        inner.appendInt32(partition).appendBytes(bytes);
      });
    })
    .appendTaggedFields();
}

function readResponse(_correlation: number, _key: number, _version: number, reader: Reader): readonly ProduceResult[] {
  return reader
    .readArray((topics) => {
      const topic = topics.readString();
      return topics.readArray((partitions) => readPartition(topic, partitions));
    })
    .flat();
}

function readPartition(topic: string, reader: Reader): ProduceResult {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  const baseOffset = Number(reader.readInt64());
  reader.skip(8 + 8); // the time of the append, the log's first offset
  reader.readArray((errors) => {
    errors.readInt32();
    return errors.readNullableString();
  });
  return { topic, partition, errorCode, baseOffset, errorMessage: reader.readNullableString() };
}
