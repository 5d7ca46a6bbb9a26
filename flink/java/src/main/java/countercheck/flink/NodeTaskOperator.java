package countercheck.flink;

import java.io.DataInputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyGroupStatePartitionStreamProvider;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorV2;
import org.apache.flink.streaming.api.operators.BoundedMultiInput;
import org.apache.flink.streaming.api.operators.Input;
import org.apache.flink.streaming.api.operators.MultipleInputStreamOperator;
import org.apache.flink.streaming.api.operators.OperatorSnapshotFutures;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * A keyed task hosted in Node: speaks the task protocol to a child of its own. Its output is records by tag. Rows are
 * gathered until there are enough of them, a short while has gone by, or an element comes that must not wait; results are
 * emitted on the task thread only. State and timers live in Node and are raw keyed state here.
 */
public final class NodeTaskOperator extends AbstractStreamOperatorV2<Tuple2<String, byte[]>>
    implements MultipleInputStreamOperator<Tuple2<String, byte[]>>, BoundedMultiInput {
  private static final long LINGER_MS = 5;
  private static final long PROCESSING_TIME_MS = 1_000;
  /** A barrier waits for all of them. */
  private static final int MOST_FRAMES_IN_FLIGHT = 512;

  private final List<String> command;
  private final int inputs;
  private final KeyGroupRange range;
  private final MailboxExecutor mailbox;
  private final int subtask;
  private final int parallelism;
  private final int maxParallelism;
  private TaskConnection task;
  private ListState<byte[]> ownState;
  private byte[] own = new byte[0];
  private boolean ready;
  private boolean lingering;
  private long taken;
  private long barrier = -1;

  NodeTaskOperator(StreamOperatorParameters<Tuple2<String, byte[]>> parameters, List<String> command, int inputs) {
    super(parameters, inputs);
    this.command = command;
    this.inputs = inputs;
    this.mailbox = parameters.getMailboxExecutor();
    var info = parameters.getContainingTask().getEnvironment().getTaskInfo();
    subtask = info.getIndexOfThisSubtask();
    parallelism = info.getNumberOfParallelSubtasks();
    maxParallelism = info.getMaxNumberOfParallelSubtasks();
    range = KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(maxParallelism, parallelism, subtask);
  }

  @Override
  @SuppressWarnings("rawtypes")
  public List<Input> getInputs() {
    List<Input> all = new ArrayList<>();
    for (int input = 0; input < inputs; input++) all.add(new TaskInput(this, input));
    return all;
  }

  /** Without this, snapshots succeed and their restore fails. */
  @Override
  protected boolean isUsingCustomRawKeyedState() {
    return true;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    ownState = context.getOperatorStateStore()
        .getUnionListState(new ListStateDescriptor<>("own", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    task = new TaskConnection(command, mailbox, this::handle);
    String place = "{\"subtask\":" + subtask + ",\"parallelism\":" + parallelism + ",\"keyGroups\":" + maxParallelism + "}";
    write(Frames.OPEN, place.getBytes(StandardCharsets.UTF_8));
    if (context.isRestored()) restore(context);
    write(Frames.START, new byte[0]);
    task.node.flush();
  }

  @Override
  public void open() throws Exception {
    super.open();
    while (!ready) task.await();
    scheduleProcessingTime();
  }

  void element(int input, byte[] element) throws Exception {
    boolean isControl = element[0] == Element.CONTROL;
    task.node.write(isControl ? Frames.CONTROL : Frames.BATCH, input, element, 1, element.length - 1);
    linger();
    if (task.node.written() - taken < MOST_FRAMES_IN_FLIGHT) return;
    task.node.flush();
    while (task.node.written() - taken >= MOST_FRAMES_IN_FLIGHT) task.await();
  }

  @Override
  public void endInput(int inputId) throws Exception {
    write(Frames.END, new byte[] {(byte) (inputId - 1)});
    task.node.flush();
  }

  /** All inputs have ended; what the operators' own end brings must be out before this returns. */
  @Override
  public void finish() throws Exception {
    write(Frames.FINISH, new byte[0]);
    task.node.flush();
    while (taken < task.node.written()) task.await();
    super.finish();
  }

  /** Flushes and drains: what the task emitted before the barrier goes out before Flink sends the barrier on. */
  @Override
  public void prepareSnapshotPreBarrier(long checkpoint) throws Exception {
    writeNumber(Frames.BARRIER, checkpoint);
    task.node.flush();
    while (barrier != checkpoint) task.await();
    super.prepareSnapshotPreBarrier(checkpoint);
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    ownState.update(List.of(own));
  }

  /** Puts the writing of parts into the checkpoint's asynchronous phase, so that records flow meanwhile. */
  @Override
  public OperatorSnapshotFutures snapshotState(
      long checkpoint, long timestamp, CheckpointOptions options, CheckpointStreamFactory factory) throws Exception {
    OperatorSnapshotFutures futures = super.snapshotState(checkpoint, timestamp, options, factory);
    futures.setKeyedStateRawFuture(new FutureTask<>(new PartWriter(task, checkpoint, range, factory)));
    return futures;
  }

  @Override
  public void notifyCheckpointAborted(long checkpoint) throws Exception {
    super.notifyCheckpointAborted(checkpoint);
    task.abortParts(checkpoint);
    writeNumber(Frames.ABORT, checkpoint);
    task.node.flush();
  }

  @Override
  public void close() throws Exception {
    if (task != null) task.close();
    super.close();
  }

  private void handle(byte type, ByteBuffer payload) throws Exception {
    switch (type) {
      case Frames.READY -> ready = true;
      case Frames.RECORD -> {
        String tag = text(payload);
        output.collect(new StreamRecord<>(Tuple2.of(tag, rest(payload))));
      }
      case Frames.TAKEN -> taken = (long) payload.getDouble();
      case Frames.BARRIER_REACHED -> {
        barrier = (long) payload.getDouble();
        own = rest(payload);
      }
      case Frames.FAILED -> throw new IllegalStateException("The task in Node has failed: " + text(payload));
      default -> throw new IllegalStateException("The task in Node sent a frame of the unknown type " + type + ".");
    }
  }

  private void restore(StateInitializationContext context) throws Exception {
    for (KeyGroupStatePartitionStreamProvider group : context.getRawKeyedStateInputs()) {
      try (DataInputStream in = new DataInputStream(group.getStream())) {
        for (int length = in.readInt(); length > 0; length = in.readInt()) {
          byte[] part = new byte[length];
          in.readFully(part);
          write(Frames.RESTORE, part);
        }
      }
    }
    for (byte[] former : ownState.get()) write(Frames.RESTORE_OWN, former);
  }

  private void scheduleProcessingTime() {
    long now = processingTimeService.getCurrentProcessingTime();
    processingTimeService.registerTimer(now + PROCESSING_TIME_MS, (time) -> {
      writeNumber(Frames.PROCESSING_TIME, time);
      task.node.flush();
      scheduleProcessingTime();
    });
  }

  /** One timer for all that waits: rows leave after a short while even when no more come. */
  private void linger() {
    if (lingering) return;
    lingering = true;
    processingTimeService.registerTimer(processingTimeService.getCurrentProcessingTime() + LINGER_MS, (time) -> {
      lingering = false;
      task.node.flush();
    });
  }

  private void write(byte type, byte[] payload) throws Exception {
    task.node.write(type, payload, 0, payload.length);
  }

  private void writeNumber(byte type, double number) throws Exception {
    task.node.writeNumber(type, number);
  }

  private static byte[] rest(ByteBuffer payload) {
    byte[] bytes = new byte[payload.remaining()];
    payload.get(bytes);
    return bytes;
  }

  /** A text with its length in front, seven bits a byte. */
  private static String text(ByteBuffer payload) {
    int length = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = payload.get();
      length |= (next & 127) << shift;
      if (next >= 0) break;
    }
    byte[] bytes = new byte[length];
    payload.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
