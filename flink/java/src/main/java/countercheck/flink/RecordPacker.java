package countercheck.flink;

import java.util.Arrays;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Packs the records of one split into one element, so that Flink moves some hundred at a time: as many as fit, or as have
 * come within a short while, and all of them in front of a barrier. Many that come together are an element as they are. An
 * element's key lies in the split's key group.
 */
final class RecordPacker extends AbstractStreamOperator<Tuple2<Integer, byte[]>>
    implements OneInputStreamOperator<RawRecords, Tuple2<Integer, byte[]>> {
  private static final long serialVersionUID = 1;
  private static final long LINGER_MS = 5;
  /** Of records that are many enough. */
  private static final int MANY_BYTES = RawRecords.MOST_BYTES / 4;

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
  public void processElement(StreamRecord<RawRecords> element) {
    RawRecords records = element.getValue();
    Pack pack = packs[records.split];
    if (pack == null) packs[records.split] = pack = new Pack(records.split, keys[records.split]);
    int bytes = records.length - RawRecords.HEAD;
    if (pack.records.isFull(bytes)) emit(pack);
    if (pack.records.records == 0 && bytes >= MANY_BYTES) {
      emit(pack.key, records);
      return;
    }
    if (!pack.isBegun) {
      pack.isBegun = true;
      begun[begunCount++] = pack;
    }
    pack.records.add(records.records, records.bytes, RawRecords.HEAD, records.length);
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
      if (pack.records.records > 0) emit(pack);
    }
    begunCount = 0;
  }

  private void emit(Pack pack) {
    emit(pack.key, pack.records);
    pack.records.clear();
  }

  private void emit(int key, RawRecords records) {
    output.collect(new StreamRecord<>(Tuple2.of(key, records.element())));
  }

  /** Records of one split that wait for more. */
  private static final class Pack {
    final int key;
    final RawRecords records = new RawRecords();
    boolean isBegun;

    Pack(int split, int key) {
      this.key = key;
      records.split = split;
    }
  }
}
