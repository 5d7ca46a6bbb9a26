package countercheck.flink;

import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplitState;
import org.apache.flink.metrics.Counter;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Hands on the records of packs, one pack in the same object as the other, and says that they are read: a checkpoint has a pack
 * behind it or in front of it. Those of partitions that are no more in the plan are passed over.
 */
final class PackEmitter implements RecordEmitter<ConsumerRecord<byte[], byte[]>, RawRecords, KafkaPartitionSplitState> {
  private final SplitNumbers numbers;
  private final PackingSplitReader.Metrics metrics;
  private final Counter records;
  private final PassedOver passedOver = new PassedOver();
  private final RawRecords reused = new RawRecords();

  /** `records` has counted each pack as one. */
  PackEmitter(SplitNumbers numbers, PackingSplitReader.Metrics metrics, Counter records) {
    this.numbers = numbers;
    this.metrics = metrics;
    this.records = records;
  }

  @Override
  public void emitRecord(
      ConsumerRecord<byte[], byte[]> element, SourceOutput<RawRecords> output, KafkaPartitionSplitState state) {
    RecordPack pack = (RecordPack) element;
    int split = numbers.of(pack.topic(), pack.partition());
    if (split < 0) passedOver.tell(pack.topic(), pack.partition());
    else {
      reused.wrap(split, pack.records, pack.value());
      output.collect(reused, pack.timestamp());
    }
    state.setCurrentOffset(pack.offset() + 1);
    metrics.handedOn(state.getTopicPartition(), pack.offset());
    records.inc(pack.records - 1);
  }
}
