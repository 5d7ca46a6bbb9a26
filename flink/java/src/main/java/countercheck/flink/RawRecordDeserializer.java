package countercheck.flink;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands on the records of Kafka as they are, one in the same object as the other. Those of partitions that are no more in the
 * plan, which a savepoint may still have, are passed over.
 */
final class RawRecordDeserializer implements KafkaRecordDeserializationSchema<RawRecord> {
  private static final long serialVersionUID = 1;
  private static final Logger LOG = LoggerFactory.getLogger(RawRecordDeserializer.class);

  private final SplitNumbers numbers;
  private transient RawRecord reused;
  private transient boolean hasWarned;

  RawRecordDeserializer(SplitNumbers numbers) {
    this.numbers = numbers;
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<RawRecord> out) {
    int split = numbers.of(record.topic(), record.partition());
    if (split < 0) {
      passOver(record);
      return;
    }
    if (reused == null) reused = new RawRecord();
    reused.set(split, record);
    out.collect(reused);
  }

  @Override
  public TypeInformation<RawRecord> getProducedType() {
    return RawRecordType.INSTANCE;
  }

  private void passOver(ConsumerRecord<byte[], byte[]> record) {
    if (hasWarned) return;
    hasWarned = true;
    LOG.warn(
        "Partition {} of topic {} is not in the job's plan any more; what the savepoint goes on to read of it is passed over.",
        record.partition(), record.topic());
  }
}
