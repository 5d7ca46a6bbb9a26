package countercheck.flink.spike;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.sink.legacy.RichSinkFunction;

/**
 * Brings records out when their checkpoint is complete, as KafkaSink does: what was emitted since the last one waits in
 * the checkpoint, and is brought out again after a restore, into the same place.
 */
final class ResultSink extends RichSinkFunction<Tuple2<String, byte[]>> implements CheckpointedFunction, CheckpointListener {
  /** What has been brought out, by checkpoint: lines. */
  static final Map<Long, List<String>> RESULTS = new ConcurrentSkipListMap<>();
  static final AtomicInteger ATTEMPTS = new AtomicInteger();
  static final AtomicInteger COMPLETED = new AtomicInteger();

  private final String phase;
  private transient List<String> current;
  private transient TreeMap<Long, List<String>> waiting;
  private transient ListState<Tuple2<Long, String>> state;

  ResultSink(String phase) {
    this.phase = phase;
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    ATTEMPTS.incrementAndGet();
    current = new ArrayList<>();
    waiting = new TreeMap<>();
    state = context.getOperatorStateStore()
        .getListState(new ListStateDescriptor<>("waiting", Types.TUPLE(Types.LONG, Types.STRING)));
    for (Tuple2<Long, String> line : state.get()) {
      waiting.computeIfAbsent(line.f0, (id) -> new ArrayList<>()).add(line.f1);
    }
    RESULTS.putAll(waiting);
  }

  @Override
  public void invoke(Tuple2<String, byte[]> record, Context context) {
    current.add("{\"phase\":\"" + phase + "\",\"tick\":" + ReplayClock.tick() + ",\"tag\":\"" + record.f0
        + "\",\"record\":" + new String(record.f1, java.nio.charset.StandardCharsets.UTF_8) + "}");
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    waiting.put(context.getCheckpointId(), current);
    current = new ArrayList<>();
    List<Tuple2<Long, String>> all = new ArrayList<>();
    waiting.forEach((id, lines) -> lines.forEach(line -> all.add(Tuple2.of(id, line))));
    state.update(all);
  }

  @Override
  public void notifyCheckpointComplete(long checkpoint) {
    COMPLETED.incrementAndGet();
    Map<Long, List<String>> complete = waiting.headMap(checkpoint, true);
    RESULTS.putAll(complete);
    complete.clear();
  }
}
