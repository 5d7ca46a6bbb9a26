package countercheck.peers;

import java.io.IOException;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** What a source makes of a record. Event time goes with it, as its timestamp: the stream is told it where watermarks are made. */
public final class ChangeDecoder implements KafkaRecordDeserializationSchema<Change> {
  private final byte side;
  private final Map<Integer, String> schemas;
  private transient ChangeReader reader;

  public ChangeDecoder(byte side, Map<Integer, String> schemas) {
    this.side = side;
    this.schemas = schemas;
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> message, Collector<Change> out) throws IOException {
    if (reader == null) reader = new ChangeReader(side, schemas);
    reader.read(message.value(), out::collect);
  }

  @Override
  public TypeInformation<Change> getProducedType() {
    return new FlatType<>(Change.class, new ChangeSerializer());
  }
}
