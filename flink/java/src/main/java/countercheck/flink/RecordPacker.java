package countercheck.flink;

import java.util.Arrays;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Packs the records of one split into one element, so that Flink moves some hundred at a time: as many as fit, or as have
 * come within a short while, and all of them in front of a barrier. An element's key lies in the split's key group.
 */
final class RecordPacker extends AbstractStreamOperator<Tuple2<Integer, byte[]>>
    implements OneInputStreamOperator<RawRecord, Tuple2<Integer, byte[]>> {
  private static final long serialVersionUID = 1;
  static final int MOST_BYTES = 64 << 10;
  static final int MOST_RECORDS = 500;
  private static final long LINGER_MS = 5;

  /** Of each split, by its number. */
  private final int[] keys;
  private transient Pack[] packs;
  /** Those that have records in them. */
  private transient Pack[] begun;
  private transient int begunCount;
  private transient boolean lingering;

  /** `keyGroups`: of each split, by its number; `maxParallelism`: how many there are. */
  RecordPacker(int[] keyGroups, int maxParallelism) {
    keys = Arrays.stream(keyGroups).map(group -> SubtaskKeys.ofGroup(group, maxParallelism)).toArray();
  }

  @Override
  public void open() throws Exception {
    super.open();
    packs = new Pack[keys.length];
    begun = new Pack[keys.length];
  }

  @Override
  public void processElement(StreamRecord<RawRecord> element) {
    RawRecord record = element.getValue();
    Pack pack = packs[record.split];
    if (pack == null) packs[record.split] = pack = new Pack(record.split, keys[record.split]);
    if (pack.isFull(record)) emit(pack);
    if (!pack.isBegun) {
      pack.isBegun = true;
      begun[begunCount++] = pack;
    }
    pack.add(record);
    if (!lingering) linger();
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpoint) throws Exception {
    flush();
    super.prepareSnapshotPreBarrier(checkpoint);
  }

  @Override
  public void finish() throws Exception {
    flush();
    super.finish();
  }

  /** One timer for all that waits. */
  private void linger() {
    lingering = true;
    var time = getProcessingTimeService();
    time.registerTimer(time.getCurrentProcessingTime() + LINGER_MS, at -> {
      lingering = false;
      flush();
    });
  }

  private void flush() {
    for (int i = 0; i < begunCount; i++) {
      Pack pack = begun[i];
      begun[i] = null;
      pack.isBegun = false;
      if (pack.records > 0) emit(pack);
    }
    begunCount = 0;
  }

  private void emit(Pack pack) {
    output.collect(new StreamRecord<>(Tuple2.of(pack.key, pack.take())));
  }

  /** Records of one split, as a RECORDS element. */
  static final class Pack {
    private static final int HEAD = 1 + 2 * Integer.BYTES;

    final int split;
    final int key;
    boolean isBegun;
    int records;
    int length = HEAD;
    private byte[] bytes = new byte[4 << 10];

    Pack(int split, int key) {
      this.split = split;
      this.key = key;
      bytes[0] = Element.RECORDS;
      RawRecord.INT.set(bytes, 1, split);
    }

    /** Another record is one too many. */
    boolean isFull(RawRecord record) {
      return records >= MOST_RECORDS || records > 0 && length + record.length > MOST_BYTES;
    }

    void add(RawRecord record) {
      int needed = length + record.length;
      if (needed > bytes.length) bytes = Arrays.copyOf(bytes, Math.max(needed, Math.min(2 * bytes.length, MOST_BYTES)));
      System.arraycopy(record.bytes, 0, bytes, length, record.length);
      length = needed;
      records++;
    }

    byte[] take() {
      RawRecord.INT.set(bytes, 1 + Integer.BYTES, records);
      byte[] element = Arrays.copyOf(bytes, length);
      // One huge record does not stay for ever.
      if (bytes.length > 2 * MOST_BYTES) bytes = Arrays.copyOf(bytes, MOST_BYTES);
      length = HEAD;
      records = 0;
      return element;
    }
  }
}
