package countercheck.flink;

import java.util.List;
import java.util.Optional;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetIdentifier;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Makes the record of a topic from the payload of a RECORD frame: sink (1 byte), timestamp in ms (8 bytes, floating point),
 * key and value, each with its length in front (4 bytes; −1 for no key). Kafka's producer chooses the partition by the key.
 */
final class ResultSerializer implements KafkaRecordSerializationSchema<byte[]>, KafkaDatasetFacetProvider {
  private static final long serialVersionUID = 1;

  /** Of each sink, by its number. */
  private final String[] topics;

  ResultSerializer(List<String> topics) {
    this.topics = topics.toArray(new String[0]);
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(byte[] payload, KafkaSinkContext context, Long timestamp) {
    String topic = topics[payload[0]];
    long time = (long) Double.longBitsToDouble((long) RawRecords.LONG.get(payload, 1));
    int keyLength = (int) RawRecords.INT.get(payload, 1 + Long.BYTES);
    int keyStart = 1 + Long.BYTES + Integer.BYTES;
    int valueStart = keyStart + Math.max(keyLength, 0) + Integer.BYTES;
    int valueLength = (int) RawRecords.INT.get(payload, valueStart - Integer.BYTES);
    return new ProducerRecord<>(topic, null, time, part(payload, keyStart, keyLength), part(payload, valueStart, valueLength));
  }

  /** The topics in which a sink that begins looks for transactions that it left open. */
  @Override
  public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
    return Optional.of(
        new DefaultKafkaDatasetFacet(DefaultKafkaDatasetIdentifier.ofTopics(List.of(topics).stream().distinct().toList())));
  }

  private static byte[] part(byte[] payload, int start, int length) {
    if (length < 0) return null;
    byte[] part = new byte[length];
    System.arraycopy(payload, start, part, 0, length);
    return part;
  }
}
