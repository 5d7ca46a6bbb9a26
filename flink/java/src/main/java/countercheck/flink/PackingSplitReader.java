package countercheck.flink;

import java.io.IOException;
import java.util.Properties;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.kafka.source.metrics.KafkaSourceReaderMetrics;
import org.apache.flink.connector.kafka.source.reader.KafkaPartitionSplitReader;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads partitions as KafkaSource does, and packs what came together: what Flink does for each record, such as to look up
 * the gauge of its partition, costs more than to pack it.
 */
final class PackingSplitReader extends KafkaPartitionSplitReader {
  private final RawRecords gathered = new RawRecords();

  PackingSplitReader(Properties reading, SourceReaderContext context, Metrics metrics) {
    super(reading, context, metrics);
  }

  @Override
  public RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> fetch() throws IOException {
    RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> fetched = super.fetch();
    var packs = new RecordsBySplits.Builder<ConsumerRecord<byte[], byte[]>>();
    for (String split = fetched.nextSplit(); split != null; split = fetched.nextSplit()) pack(split, fetched, packs);
    packs.addFinishedSplits(fetched.finishedSplits());
    fetched.recycle();
    return packs.build();
  }

  private void pack(
      String split,
      RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> fetched,
      RecordsBySplits.Builder<ConsumerRecord<byte[], byte[]>> packs) {
    ConsumerRecord<byte[], byte[]> last = null;
    for (var record = fetched.nextRecordFromSplit(); record != null; record = fetched.nextRecordFromSplit()) {
      if (gathered.isFull(RawRecords.bytesOf(record))) packs.add(split, RecordPack.of(gathered, last));
      gathered.add(record);
      last = record;
    }
    if (last != null) packs.add(split, RecordPack.of(gathered, last));
  }

  /** Those of KafkaSource, with the offset of what was handed on, not of what was packed. */
  static final class Metrics extends KafkaSourceReaderMetrics {
    Metrics(SourceReaderContext context) {
      super(context.metricGroup());
    }

    @Override
    public void recordCurrentOffset(TopicPartition partition, long offset) {}

    void handedOn(TopicPartition partition, long offset) {
      super.recordCurrentOffset(partition, offset);
    }
  }
}
