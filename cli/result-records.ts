import type { RecordFault } from "../dataflow/source.ts";
import type { ResultTopic } from "../schemas/contract-subjects.ts";
import {
  type AlertRecord,
  encodeDeadLetter,
  encodeMarker,
  type MarkerRecord,
  SINGLE_OBJECT_HEADER,
  type VerdictRecord,
} from "../schemas/contracts.ts";
import { FRAME_LENGTH, writeFrame } from "../schemas/wire-format.ts";

/** A record of a topic of results; its name is without the prefix. */
export interface ResultRecord {
  readonly topic: ResultTopic;
  readonly key: string;
  readonly value: Uint8Array;
}

/** Results as their topics have them, whoever writes those: keyed by business key, record id or job, in Confluent's frame. */
export class ResultRecords {
  readonly #ids: Readonly<Record<ResultTopic, number>>;

  /** `ids`: of the contracts in the registry. */
  constructor(ids: Readonly<Record<ResultTopic, number>>) {
    this.#ids = ids;
  }

  /** `encoded` is the record by its contract. */
  verdict(record: VerdictRecord, encoded: Uint8Array): ResultRecord {
    return this.#of("verdicts", record.key, encoded);
  }

  /** `encoded` is the record by its contract. */
  alert(record: AlertRecord, encoded: Uint8Array): ResultRecord {
    return this.#of("alerts", record.key, encoded);
  }

  deadLetter(fault: RecordFault): ResultRecord {
    return this.#of("dead-letters", fault.id, encodeDeadLetter({ ...fault, row: fault.row ?? null }));
  }

  marker(record: MarkerRecord): ResultRecord {
    return this.#of("markers", record.job, encodeMarker(record));
  }

  #of(topic: ResultTopic, key: string, encoded: Uint8Array): ResultRecord {
    return { topic, key, value: toValue(this.#ids[topic], encoded) };
  }
}

/** A contract's record as a record's value: Confluent's frame instead of Avro's single-object encoding. */
function toValue(schemaId: number, encoded: Uint8Array): Uint8Array {
  const value = Buffer.allocUnsafe(FRAME_LENGTH + encoded.length - SINGLE_OBJECT_HEADER);
  writeFrame(schemaId, value, 0);
  value.set(encoded.subarray(SINGLE_OBJECT_HEADER), FRAME_LENGTH);
  return value;
}
