package countercheck.flink;

import java.util.Arrays;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Records of one partition that came together, in the guise of one, with offset and time of the last of them: its value is
 * their bytes, with room for `RawRecords`' head in front.
 */
final class RecordPack extends ConsumerRecord<byte[], byte[]> {
  final int records;

  private RecordPack(ConsumerRecord<byte[], byte[]> last, int records, byte[] bytes) {
    super(last.topic(), last.partition(), last.offset(), last.timestamp(), last.timestampType(), NULL_SIZE, bytes.length, null, bytes,
        last.headers(), last.leaderEpoch());
    this.records = records;
  }

  /** Takes the records out of `gathered`; `last` is the last of them. */
  static RecordPack of(RawRecords gathered, ConsumerRecord<byte[], byte[]> last) {
    byte[] bytes = Arrays.copyOf(gathered.bytes, gathered.length);
    RecordPack pack = new RecordPack(last, gathered.records, bytes);
    gathered.clear();
    return pack;
  }
}
