package countercheck.flink;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Hands on the records of Kafka one by one, in the same object. Those of partitions that are no more in the plan are passed over. */
final class RawRecordDeserializer implements KafkaRecordDeserializationSchema<RawRecords> {
  private static final long serialVersionUID = 1;

  private final SplitNumbers numbers;
  private final PassedOver passedOver = new PassedOver();
  private transient RawRecords reused;

  RawRecordDeserializer(SplitNumbers numbers) {
    this.numbers = numbers;
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<RawRecords> out) {
    int split = numbers.of(record.topic(), record.partition());
    if (split < 0) {
      passedOver.tell(record.topic(), record.partition());
      return;
    }
    if (reused == null) reused = new RawRecords();
    reused.clear();
    reused.split = split;
    reused.add(record);
    out.collect(reused);
  }

  @Override
  public TypeInformation<RawRecords> getProducedType() {
    return RawRecordsType.INSTANCE;
  }
}
