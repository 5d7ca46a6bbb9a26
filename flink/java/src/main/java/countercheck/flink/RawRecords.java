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
 * Records of one split, one behind the other as a RECORDS frame has them: of each its offset and timestamp (8 bytes each,
 * floating point), key, value and headers, each with its length in front (4 bytes, −1 for null or none). It is filled anew
 * again and again, so whoever keeps records copies their bytes.
 */
public final class RawRecords {
  static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  /** In front of the records: what makes an element of them, their split and how many they are. */
  static final int HEAD = 1 + 2 * Integer.BYTES;
  static final int MOST_BYTES = 64 << 10;
  private static final int MOST_RECORDS = 500;
  private static final int LEAST_ROOM = 4 << 10;
  private static final int FIXED_BYTES = 2 * Long.BYTES + 3 * Integer.BYTES;

  /** Number of the split in the plan. */
  int split;
  int records;
  /** Room for the head, and the records. */
  byte[] bytes = new byte[LEAST_ROOM];
  int length = HEAD;

  /** Bytes that a record takes, headers aside. */
  static int bytesOf(ConsumerRecord<byte[], byte[]> record) {
    byte[] key = record.key();
    byte[] value = record.value();
    return FIXED_BYTES + (key == null ? 0 : key.length) + (value == null ? 0 : value.length);
  }

  /** With so many bytes more it would be too large. */
  boolean isFull(int more) {
    return records >= MOST_RECORDS || records > 0 && length + more > MOST_BYTES;
  }

  void add(ConsumerRecord<byte[], byte[]> record) {
    Header[] headers = record.headers().toArray();
    grow(bytesOf(record));
    LONG.set(bytes, length, Double.doubleToRawLongBits(record.offset()));
    LONG.set(bytes, length + Long.BYTES, Double.doubleToRawLongBits(record.timestamp()));
    length += 2 * Long.BYTES;
    put(record.key());
    put(record.value());
    if (headers.length == 0) put(null);
    else putHeaders(headers);
    records++;
  }

  /** Adds so many records, which are `from[start .. end)`. */
  void add(int more, byte[] from, int start, int end) {
    grow(end - start);
    System.arraycopy(from, start, bytes, length, end - start);
    length += end - start;
    records += more;
  }

  /** Has these bytes from now on, with room for the head in front of so many records. */
  void wrap(int split, int records, byte[] bytes) {
    this.split = split;
    this.records = records;
    this.bytes = bytes;
    length = bytes.length;
  }

  /** All of it as an element: its own bytes where they are just that, else a copy. */
  byte[] element() {
    bytes[0] = Element.RECORDS;
    INT.set(bytes, 1, split);
    INT.set(bytes, 1 + Integer.BYTES, records);
    return bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
  }

  /** Empties it. */
  void clear() {
    records = 0;
    length = HEAD;
    // One huge record does not stay for ever.
    if (bytes.length > 2 * MOST_BYTES) bytes = new byte[MOST_BYTES];
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
    int needed = length + more;
    if (needed > bytes.length) bytes = Arrays.copyOf(bytes, Math.max(needed, Math.min(2 * bytes.length, MOST_BYTES)));
  }
}
