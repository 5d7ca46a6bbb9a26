package countercheck.flink;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.SnapshotType.SharingFilesStrategy;
import org.apache.flink.runtime.execution.Environment;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyGroupStatePartitionStreamProvider;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorV2;
import org.apache.flink.streaming.api.operators.BoundedMultiInput;
import org.apache.flink.streaming.api.operators.Input;
import org.apache.flink.streaming.api.operators.MultipleInputStreamOperator;
import org.apache.flink.streaming.api.operators.OperatorSnapshotFutures;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.StreamTask;
import org.apache.flink.util.OutputTag;

/**
 * A task hosted in Node: speaks the task protocol over a connection of its own to the slot's child. Its main output is records
 * for sinks, its side outputs are elements for the tasks behind; both are emitted on the task thread only. State and timers live
 * in Node: checkpoints have the files that they are in, savepoints have them as raw keyed state.
 */
final class NodeTaskOperator extends AbstractStreamOperatorV2<byte[]>
    implements MultipleInputStreamOperator<byte[]>, BoundedMultiInput {
  private static final long PROCESSING_TIME_MS = 1_000;
  private static final long LAST_MS = 1_000;

  private final HostedTask hosted;
  private final MailboxExecutor mailbox;
  private final StreamTask<?, ?> containing;
  private final Environment environment;
  private final int subtask;
  private final int parallelism;
  private final int keyGroups;
  private final List<OutputTag<Tuple2<Integer, byte[]>>> tags;
  private final List<FanOut> outputs = new ArrayList<>();
  private final TaskGauges gauges;
  private final UUID attempt = UUID.randomUUID();
  private final KeptPieces kept = new KeptPieces();
  private NodeProcess process;
  private Path folder;
  private TaskConnection task;
  private ListState<byte[]> ownState;
  private byte[] own = new byte[0];
  private boolean ready;
  private long barrier = -1;

  NodeTaskOperator(StreamOperatorParameters<byte[]> parameters, HostedTask hosted) {
    super(parameters, hosted.inputs());
    this.hosted = hosted;
    mailbox = parameters.getMailboxExecutor();
    containing = parameters.getContainingTask();
    environment = containing.getEnvironment();
    var info = environment.getTaskInfo();
    subtask = info.getIndexOfThisSubtask();
    parallelism = info.getNumberOfParallelSubtasks();
    keyGroups = info.getMaxNumberOfParallelSubtasks();
    tags = hosted.tags();
    for (var tag : tags) outputs.add(FanOut.behind(containing, parameters.getStreamConfig(), tag));
    gauges = new TaskGauges(metrics);
  }

  @Override
  @SuppressWarnings("rawtypes")
  public List<Input> getInputs() {
    List<Input> all = new ArrayList<>();
    for (int input = 0; input < hosted.inputs(); input++) all.add(new TaskInput(this, input));
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
    NodeProcess.Owner owner = new NodeProcess.Owner(environment.getJobID(), hosted.job(), subtask);
    process = NodeProcess.acquire(owner, hosted.child(), Path.of(environment.getTaskManagerInfo().getTmpDirectories()[0]));
    folder = process.taskFolder(hosted.number());
    task = new TaskConnection(process, "task " + hosted.number() + " of " + owner, mailbox, this::handle, environment::failExternally);
    task.send(Frames.OPEN, place(context.isRestored()));
    if (context.isRestored()) restore(context);
    task.send(Frames.START, new byte[0]);
  }

  @Override
  public void open() throws Exception {
    super.open();
    while (!ready) task.await();
    scheduleProcessingTime();
  }

  void element(int input, byte[] element) throws Exception {
    int length = element.length - 1;
    switch (element[0]) {
      case Element.ROWS -> task.write(Frames.BATCH, input, element, 1, length);
      case Element.CONTROL -> task.write(Frames.CONTROL, input, element, 1, length);
      case Element.RECORDS -> task.write(Frames.RECORDS, element, 1, length);
      case Element.PROOF -> task.write(Frames.PROOF, element, 1, length);
      default -> throw new IllegalStateException("An element of the unknown kind " + element[0] + " came.");
    }
  }

  @Override
  public void endInput(int inputId) {
    task.send(Frames.END, new byte[] {(byte) (inputId - 1)});
  }

  /** All inputs have ended; what the operators' own end brings must be out before this returns. */
  @Override
  public void finish() throws Exception {
    task.send(Frames.FINISH, new byte[0]);
    task.awaitAll();
    super.finish();
  }

  /** Flushes and drains: what the task emitted before the barrier goes out before Flink sends the barrier on. */
  @Override
  public void prepareSnapshotPreBarrier(long checkpoint) throws Exception {
    task.sendNumber(Frames.BARRIER, checkpoint);
    while (barrier != checkpoint) task.await();
    super.prepareSnapshotPreBarrier(checkpoint);
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    ownState.update(List.of(own));
  }

  /** Puts the writing of state into the checkpoint's asynchronous phase, so that records flow meanwhile. */
  @Override
  public OperatorSnapshotFutures snapshotState(
      long checkpoint, long timestamp, CheckpointOptions options, CheckpointStreamFactory factory) throws Exception {
    OperatorSnapshotFutures futures = super.snapshotState(checkpoint, timestamp, options, factory);
    KeyGroupRange range = KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(keyGroups, parallelism, subtask);
    if (options.getCheckpointType().isSavepoint()) {
      futures.setKeyedStateRawFuture(new FutureTask<>(new PartWriter(task, checkpoint, range, factory, folder)));
      return futures;
    }
    // Of keyed state that Flink has itself, which is none.
    futures.getKeyedStateManagedFuture().run();
    boolean shares = options.getCheckpointType().getSharingFilesStrategy() == SharingFilesStrategy.FORWARD_BACKWARD;
    var snapshot = new FilesWriter.Snapshot(attempt, checkpoint, range, folder, shares);
    futures.setKeyedStateManagedFuture(FilesWriter.of(task, snapshot, kept, factory).asFuture());
    return futures;
  }

  @Override
  public void notifyCheckpointComplete(long checkpoint) throws Exception {
    super.notifyCheckpointComplete(checkpoint);
    kept.confirm(checkpoint);
    task.sendNumber(Frames.CONFIRMED, checkpoint);
  }

  @Override
  public void notifyCheckpointAborted(long checkpoint) throws Exception {
    super.notifyCheckpointAborted(checkpoint);
    task.abortParts(checkpoint);
    task.sendNumber(Frames.ABORT, checkpoint);
  }

  @Override
  public void close() throws Exception {
    try {
      // The last checkpoint may have been confirmed just now, and what belongs to it waits for that in Node.
      if (ready && !containing.isCanceled()) task.awaitAll(LAST_MS);
    } finally {
      if (task != null) task.close();
      if (process != null) process.release();
      super.close();
    }
  }

  private void handle(byte type, ByteBuffer payload) throws Exception {
    switch (type) {
      case Frames.READY -> ready = true;
      case Frames.RECORD -> output.collect(new StreamRecord<>(payload.array()));
      case Frames.FORWARD -> {
        int from = payload.get();
        output.collect(tags.get(from), outputs.get(from).to(payload.getInt(), element(Element.ROWS, payload)));
      }
      case Frames.FORWARD_CONTROL -> {
        int from = payload.get();
        byte[] element = element(Element.CONTROL, payload);
        outputs.get(from).toAll(element, each -> output.collect(tags.get(from), each));
      }
      case Frames.FORWARD_END -> {
        // Flink says it itself to the tasks behind, once all inputs of this one have ended.
      }
      case Frames.BARRIER_REACHED -> {
        barrier = (long) payload.getDouble();
        own = rest(payload);
      }
      case Frames.METRICS -> gauges.update(payload.array());
      default -> throw new IllegalStateException("The task in Node sent a frame of the unknown type " + type + ".");
    }
  }

  /** JSON: `TaskPlace`. */
  private byte[] place(boolean restores) throws IOException {
    List<Integer> behind = outputs.stream().map(FanOut::subtasks).toList();
    var place = new Place(hosted.number(), subtask, parallelism, keyGroups, behind, restores, folder.toString());
    return Plan.JSON.writeValueAsBytes(place);
  }

  private record Place(
      int task, int subtask, int parallelism, int keyGroups, List<Integer> outputs, boolean restores, String folder) {}

  private void restore(StateInitializationContext context) throws Exception {
    for (KeyGroupStatePartitionStreamProvider group : context.getRawKeyedStateInputs()) {
      try (DataInputStream in = new DataInputStream(group.getStream())) {
        for (int length = in.readInt(); length > 0; length = in.readInt()) {
          byte[] part = new byte[length];
          in.readFully(part);
          task.write(Frames.RESTORE, part, 0, length);
        }
      }
    }
    restoreFiles();
    for (byte[] former : ownState.get()) task.write(Frames.RESTORE_OWN, former, 0, former.length);
  }

  /** One former subtask behind the other: the task removes its files before those of the next come. */
  private void restoreFiles() throws Exception {
    var former = environment.getTaskStateManager().prioritizedOperatorState(getOperatorID()).getJobManagerManagedKeyedState();
    int number = 0;
    for (KeyedStateHandle handle : former) {
      if (!(handle instanceof IncrementalRemoteKeyedStateHandle files)) continue;
      byte[] brought = FormerFiles.bring(files, folder.resolve("former-" + number++));
      task.write(Frames.RESTORE_FILES, brought, 0, brought.length);
      task.awaitAll();
    }
  }

  private void scheduleProcessingTime() {
    long now = processingTimeService.getCurrentProcessingTime();
    processingTimeService.registerTimer(now + PROCESSING_TIME_MS, (time) -> {
      task.sendNumber(Frames.PROCESSING_TIME, time);
      scheduleProcessingTime();
    });
  }

  /** What is left of the payload, with its kind in front. */
  private static byte[] element(byte kind, ByteBuffer payload) {
    byte[] element = new byte[1 + payload.remaining()];
    element[0] = kind;
    payload.get(element, 1, element.length - 1);
    return element;
  }

  private static byte[] rest(ByteBuffer payload) {
    byte[] bytes = new byte[payload.remaining()];
    payload.get(bytes);
    return bytes;
  }
}
