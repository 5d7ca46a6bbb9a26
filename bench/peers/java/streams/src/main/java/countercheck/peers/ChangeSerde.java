package countercheck.peers;

import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/** 22 bytes; the payment is the key. */
final class ChangeSerde implements Serde<Change> {
  /** In place of a side: that all changes up to a time were sent by the task whose number is the key. */
  static final byte CLOCK = 2;

  private static final int LENGTH = 22;

  @Override
  public Serializer<Change> serializer() {
    return (topic, change) -> {
      ByteBuffer bytes = ByteBuffer.allocate(LENGTH);
      bytes.put(change.side).put(change.count).putLong(change.amount).putInt(change.currency).putLong(change.time);
      return bytes.array();
    };
  }

  @Override
  public Deserializer<Change> deserializer() {
    return (topic, data) -> {
      ByteBuffer bytes = ByteBuffer.wrap(data);
      Change change = new Change();
      change.side = bytes.get();
      change.count = bytes.get();
      change.amount = bytes.getLong();
      change.currency = bytes.getInt();
      change.time = bytes.getLong();
      return change;
    };
  }
}
