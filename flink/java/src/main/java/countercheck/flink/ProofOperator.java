package countercheck.flink;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds heartbeat rows until they prove something: two seconds after a row has come, when nothing can overtake it any more,
 * the brokers are asked for the ends of its source's splits, and both go to all subtasks behind as a PROOF element. Rows that
 * wait are in the checkpoint.
 *
 * A source whose topics are not as planned is not proven any more, since rows may be where nobody reads: its frontier stands
 * still, the log and the gauge `sourcesNotProven` say so.
 */
final class ProofOperator extends AbstractStreamOperator<Tuple2<Integer, byte[]>>
    implements OneInputStreamOperator<RawRecords, Tuple2<Integer, byte[]>> {
  private static final long serialVersionUID = 1;
  private static final Logger LOGGER = LoggerFactory.getLogger(ProofOperator.class);
  /** What was written before a row may reach another partition behind it for so long. */
  private static final long OVERTAKING_NS = 2_000_000_000L;
  private static final long GLANCE_MS = 100;
  private static final long WARN_EVERY_NS = 60_000_000_000L;
  private static final int MOST_PROOF_BYTES = 1 << 20;

  private final List<Plan.Split> splits;
  private final Properties reading;
  private transient Map<String, Source> sources;
  private transient HeldHeartbeats[] held;
  private transient ListState<byte[]> heldState;
  private transient ProofThread thread;
  private transient FanOut fanOut;
  private transient boolean isGlancing;

  /** All splits of the plan, and how Kafka is read. */
  ProofOperator(List<Plan.Split> splits, Properties reading) {
    this.splits = new ArrayList<>(splits);
    this.reading = reading;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    sources = new LinkedHashMap<>();
    held = new HeldHeartbeats[splits.size()];
    for (int split = 0; split < splits.size(); split++) {
      held[split] = new HeldHeartbeats();
      sources.computeIfAbsent(splits.get(split).source(), (name) -> new Source()).add(split, splits.get(split));
    }
    heldState = context.getOperatorStateStore()
        .getListState(new ListStateDescriptor<>("held", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    SplitNumbers numbers = new SplitNumbers(splits);
    for (byte[] saved : heldState.get()) restore(saved, numbers);
  }

  @Override
  public void open() throws Exception {
    super.open();
    fanOut = FanOut.behind(getContainingTask(), getOperatorConfig(), null);
    getMetricGroup().gauge("sourcesNotProven", (Gauge<Long>) () -> sources.values().stream().filter(source -> source.isRefused).count());
    Map<String, List<Plan.Split>> data = new LinkedHashMap<>();
    sources.forEach((name, source) -> data.put(name, source.dataSplits));
    thread = new ProofThread(data, reading, getUserCodeClassloader(), getRuntimeContext().getTaskInfo().getTaskName());
    thread.start();
    glance();
  }

  @Override
  public void processElement(StreamRecord<RawRecords> element) {
    RawRecords one = element.getValue();
    byte[] row = Arrays.copyOfRange(one.bytes, RawRecords.HEAD, one.length);
    held[one.split].add(new HeldHeartbeats.Row(row, System.nanoTime()));
    if (!isGlancing) glance();
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    List<byte[]> rows = new ArrayList<>();
    for (int split = 0; split < held.length; split++) {
      Plan.Split of = splits.get(split);
      held[split].forEach(row -> rows.add(saved(of, row)));
    }
    heldState.update(rows);
  }

  @Override
  public void close() throws Exception {
    if (thread != null) thread.close();
    super.close();
  }

  /** Looks what has come and what is due, and again in a moment while something is held. */
  private void glance() {
    isGlancing = true;
    var time = getProcessingTimeService();
    time.registerTimer(time.getCurrentProcessingTime() + GLANCE_MS, at -> {
      isGlancing = false;
      for (ProofThread.Answer answer = thread.answer(); answer != null; answer = thread.answer()) take(answer);
      long due = System.nanoTime() - OVERTAKING_NS;
      sources.forEach((name, source) -> {
        if (source.isAsked || !source.hasSince(due)) return;
        source.isAsked = true;
        source.askedFor = due;
        thread.ask(name);
      });
      if (Arrays.stream(held).anyMatch(rows -> !rows.isEmpty())) glance();
    });
  }

  private void take(ProofThread.Answer answer) throws Exception {
    if (answer.failure() != null) {
      throw new IllegalStateException("The ends of splits cannot be asked for: " + answer.failure().getMessage(), answer.failure());
    }
    Source source = sources.get(answer.source());
    source.isAsked = false;
    source.isRefused = answer.refusal() != null;
    if (source.isRefused) {
      source.warn(answer);
      for (int split : source.heartbeatSplits) held[split].take(source.askedFor, row -> {});
    } else prove(source, answer.ends());
  }

  private void prove(Source source, long[] ends) throws IOException {
    List<byte[]> pieces = new ArrayList<>();
    for (int split : source.heartbeatSplits) {
      RawRecords piece = new RawRecords();
      piece.split = split;
      held[split].take(source.askedFor, row -> {
        byte[] bytes = row.bytes();
        if (piece.isFull(bytes.length)) pieces.add(taken(piece));
        piece.add(1, bytes, 0, bytes.length);
      });
      if (piece.records > 0) pieces.add(taken(piece));
    }
    int from = 0;
    for (int bytes = 0, to = 0; to < pieces.size(); to++) {
      bytes += pieces.get(to).length;
      if (bytes < MOST_PROOF_BYTES && to < pieces.size() - 1) continue;
      fanOut.toAll(proof(source, ends, pieces.subList(from, to + 1)), output::collect);
      from = to + 1;
      bytes = 0;
    }
  }

  private static byte[] taken(RawRecords piece) {
    byte[] element = Arrays.copyOf(piece.element(), piece.length);
    piece.clear();
    return element;
  }

  /** As a PROOF frame has it, behind the kind of element. */
  private static byte[] proof(Source source, long[] ends, List<byte[]> pieces) {
    int length = 1 + 2 * Integer.BYTES + ends.length * (Integer.BYTES + Long.BYTES);
    for (byte[] piece : pieces) length += Integer.BYTES + piece.length - 1;
    byte[] element = new byte[length];
    element[0] = Element.PROOF;
    RawRecords.INT.set(element, 1, ends.length);
    int at = 1 + Integer.BYTES;
    for (int i = 0; i < ends.length; i++) {
      RawRecords.INT.set(element, at, source.dataNumbers.get(i));
      RawRecords.LONG.set(element, at + Integer.BYTES, Double.doubleToRawLongBits(ends[i]));
      at += Integer.BYTES + Long.BYTES;
    }
    RawRecords.INT.set(element, at, pieces.size());
    at += Integer.BYTES;
    for (byte[] piece : pieces) {
      RawRecords.INT.set(element, at, piece.length - 1);
      System.arraycopy(piece, 1, element, at + Integer.BYTES, piece.length - 1);
      at += Integer.BYTES + piece.length - 1;
    }
    return element;
  }

  /** With topic and partition, since another plan numbers its splits in another way. */
  private static byte[] saved(Plan.Split split, HeldHeartbeats.Row row) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeUTF(split.topic());
      out.writeInt(split.partition());
      out.write(row.bytes());
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
    return bytes.toByteArray();
  }

  /** They have waited for nothing yet: what they wait for is measured from now on. */
  private void restore(byte[] saved, SplitNumbers numbers) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(saved));
    int split = numbers.of(in.readUTF(), in.readInt());
    if (split >= 0) held[split].add(new HeldHeartbeats.Row(in.readAllBytes(), System.nanoTime()));
  }

  private final class Source {
    final List<Plan.Split> dataSplits = new ArrayList<>();
    final List<Integer> dataNumbers = new ArrayList<>();
    final List<Integer> heartbeatSplits = new ArrayList<>();
    boolean isAsked;
    boolean isRefused;
    /** Rows that came until then wait for the answer, by System.nanoTime. */
    long askedFor;
    private long warnedAt = System.nanoTime() - WARN_EVERY_NS;

    void add(int number, Plan.Split split) {
      if (split.heartbeat()) heartbeatSplits.add(number);
      else {
        dataSplits.add(split);
        dataNumbers.add(number);
      }
    }

    boolean hasSince(long time) {
      return heartbeatSplits.stream().anyMatch(split -> held[split].hasSince(time));
    }

    void warn(ProofThread.Answer answer) {
      long now = System.nanoTime();
      if (now - warnedAt < WARN_EVERY_NS) return;
      warnedAt = now;
      LOGGER.warn("Source {} is not proven any more, and its frontier stands still: {}.", answer.source(), answer.refusal());
    }
  }
}
