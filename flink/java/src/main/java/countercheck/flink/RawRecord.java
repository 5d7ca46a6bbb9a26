package countercheck.flink;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.utils.ByteUtils;

/**
 * One record of Kafka as a RECORDS frame has it: offset and timestamp (8 bytes each, floating point), key, value and headers,
 * each with its length in front (4 bytes, −1 for null or none). It is filled anew for every record, so whoever keeps it
 * copies its bytes.
 */
public final class RawRecord {
  static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int FIXED_BYTES = 2 * Long.BYTES + 3 * Integer.BYTES;
  /** A larger one is given back, so that one huge record does not stay for ever. */
  private static final int MOST_KEPT_BYTES = 1 << 20;

  /** Number of the split in the plan. */
  int split;
  byte[] bytes = new byte[1024];
  int length;

  void set(int split, ConsumerRecord<byte[], byte[]> record) {
    this.split = split;
    Header[] headers = record.headers().toArray();
    byte[] key = record.key();
    byte[] value = record.value();
    reserve(FIXED_BYTES + (key == null ? 0 : key.length) + (value == null ? 0 : value.length));
    LONG.set(bytes, 0, Double.doubleToRawLongBits(record.offset()));
    LONG.set(bytes, Long.BYTES, Double.doubleToRawLongBits(record.timestamp()));
    length = 2 * Long.BYTES;
    put(key);
    put(value);
    if (headers.length == 0) put(null);
    else putHeaders(headers);
  }

  /** Makes room for so many bytes; what was there may be lost. */
  void reserve(int needed) {
    if (needed > bytes.length || bytes.length > MOST_KEPT_BYTES) bytes = new byte[Math.max(needed, 1024)];
  }

  private void put(byte[] part) {
    INT.set(bytes, length, part == null ? -1 : part.length);
    length += Integer.BYTES;
    if (part == null) return;
    System.arraycopy(part, 0, bytes, length, part.length);
    length += part.length;
  }

  /** In Kafka's own encoding of them: their number, and of each its name and value with lengths in front, all varints. */
  private void putHeaders(Header[] headers) {
    int start = length;
    length += Integer.BYTES;
    putVarint(headers.length);
    for (Header header : headers) {
      putCounted(header.key().getBytes(StandardCharsets.UTF_8));
      if (header.value() == null) putVarint(-1);
      else putCounted(header.value());
    }
    INT.set(bytes, start, length - start - Integer.BYTES);
  }

  private void putCounted(byte[] part) {
    putVarint(part.length);
    grow(part.length);
    System.arraycopy(part, 0, bytes, length, part.length);
    length += part.length;
  }

  private void putVarint(int value) {
    grow(ByteUtils.sizeOfVarint(value));
    for (int left = (value << 1) ^ (value >> 31); ; left >>>= 7) {
      boolean isLast = (left & ~127) == 0;
      bytes[length++] = (byte) (isLast ? left : left & 127 | 128);
      if (isLast) return;
    }
  }

  private void grow(int more) {
    if (length + more > bytes.length) bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
  }
}
