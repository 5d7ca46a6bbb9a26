package countercheck.flink;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RunnableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.core.fs.local.LocalFileSystem;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStreamFactory;
import org.apache.flink.util.InstantiationUtil;

/**
 * Takes checkpoints of files that grow, come and go, as the JobManager of a seed would: completes some and tells so late or never,
 * aborts and cancels others at any moment, begins anew. Every checkpoint that is kept must bring its files back as they were, and
 * nothing else may be left. Arguments: a folder, a seed.
 */
public final class FilesProbe {
  private static final int STEPS = 250;
  private static final int KEPT = 2;
  private static final int MEMORY_BYTES = 20 * 1024;

  private final Path folder;
  private final Random random;
  private final Path state;
  private final Path shared;
  private final SharedStateRegistryImpl registry = new SharedStateRegistryImpl();
  /** Bytes of each file that the state is in. */
  private final Map<String, Long> files = new LinkedHashMap<>();
  private final ArrayDeque<Taken> completed = new ArrayDeque<>();
  private final ArrayDeque<Long> untold = new ArrayDeque<>();
  private KeptPieces kept = new KeptPieces();
  private UUID attempt = UUID.randomUUID();
  private long checkpoints;
  private int made;
  private int whole;
  private int aborted;
  private long uploadedBytes;
  private long keptBytes;

  /** A checkpoint, and how long each file was at its barrier. */
  private record Taken(long id, OperatorSubtaskState state, IncrementalRemoteKeyedStateHandle handle, Map<String, Long> files) {}

  private FilesProbe(Path folder, long seed) throws IOException {
    this.folder = folder;
    random = new Random(seed);
    state = Files.createDirectories(folder.resolve("state"));
    shared = Files.createDirectories(folder.resolve("shared"));
  }

  public static void main(String[] args) throws Exception {
    FilesProbe probe = new FilesProbe(Path.of(args[0]), Long.parseLong(args[1]));
    for (int step = 0; step < STEPS; step++) probe.step();
    probe.checkpoint("complete");
    probe.requireNothingElse();
    System.out.println(Plan.JSON.writeValueAsString(Map.of("whole", probe.whole, "aborted", probe.aborted,
        "uploadedBytes", probe.uploadedBytes, "keptBytes", probe.keptBytes)));
  }

  private void step() throws Exception {
    int what = random.nextInt(100);
    if (what < 45) grow();
    else if (what < 47 && !files.isEmpty()) Files.delete(state.resolve(drop()));
    else if (what < 75) checkpoint("complete");
    else if (what < 85) checkpoint(List.of("abort", "late", "cancel", "cancel before", "interrupt").get(random.nextInt(5)));
    else if (what < 99 && !untold.isEmpty()) kept.confirm(untold.poll());
    else restart();
  }

  /** Appends to the newest file, or to a new one: what stands at a position is told by the file's name. */
  private void grow() throws IOException {
    String newest = files.keySet().stream().reduce("", (before, name) -> name);
    String name = newest.isEmpty() || files.get(newest) > 3_000_000 ? "file-" + made++ : newest;
    long before = files.getOrDefault(name, 0L);
    int more = 1 + random.nextInt(List.of(1_000, 100_000, 2_000_000).get(random.nextInt(3)));
    try (RandomAccessFile out = new RandomAccessFile(state.resolve(name).toFile(), "rw")) {
      out.seek(before);
      out.write(content(name, before, more));
    }
    files.put(name, before + more);
  }

  /** The oldest goes, or any other. */
  private String drop() {
    String name = List.copyOf(files.keySet()).get(random.nextBoolean() ? 0 : random.nextInt(files.size()));
    files.remove(name);
    return name;
  }

  private void restart() {
    kept = new KeptPieces();
    attempt = UUID.randomUUID();
    untold.clear();
  }

  private void checkpoint(String how) throws Exception {
    long id = ++checkpoints;
    Map<String, Long> atBarrier = Map.copyOf(files);
    LinkedBlockingQueue<TaskConnection.Answer> answers = new LinkedBlockingQueue<>();
    answers.add(new TaskConnection.Answer(Frames.WRITTEN_FILES, ByteBuffer.wrap(said()), null));
    Path exclusive = Files.createDirectories(folder.resolve("chk-" + id));
    var factory = new FsCheckpointStreamFactory(LocalFileSystem.getSharedInstance(),
        new org.apache.flink.core.fs.Path(exclusive.toUri()), new org.apache.flink.core.fs.Path(shared.toUri()), MEMORY_BYTES,
        MEMORY_BYTES);
    boolean shares = random.nextInt(20) > 0;
    var snapshot = new FilesWriter.Snapshot(attempt, id, KeyGroupRange.of(0, 127), state, shares);
    RunnableFuture<SnapshotResult<KeyedStateHandle>> future =
        new FilesWriter(snapshot, kept, factory, answers, () -> {}).asFuture();
    if (how.equals("cancel before")) future.cancel(true);
    if (how.equals("abort")) answers.add(new TaskConnection.Answer((byte) 0, null, new IOException("aborted")));
    if (how.equals("interrupt")) cancelMeanwhile(future);
    else future.run();
    if (how.equals("cancel")) future.get().discardState();
    if (how.equals("complete") || how.equals("late")) acknowledge(id, future, atBarrier, how.equals("late"));
    else aborted++;
  }

  /** While it is at work. */
  private void cancelMeanwhile(RunnableFuture<SnapshotResult<KeyedStateHandle>> future) throws Exception {
    Thread thread = new Thread(future);
    thread.start();
    Thread.sleep(random.nextInt(3));
    if (!future.cancel(true)) future.get().discardState();
    thread.join();
  }

  private void acknowledge(long id, RunnableFuture<SnapshotResult<KeyedStateHandle>> future, Map<String, Long> atBarrier,
      boolean isLate) throws Exception {
    KeyedStateHandle sent = result(future).getJobManagerOwnedSnapshot();
    // What the JobManager has is a copy.
    var handle = (IncrementalRemoteKeyedStateHandle) InstantiationUtil.clone(sent);
    OperatorSubtaskState subtask = OperatorSubtaskState.builder().setManagedKeyedState(handle).build();
    subtask.registerSharedStates(registry, id);
    if (isLate) {
      aborted++;
      subtask.discardState();
      return;
    }
    uploadedBytes += handle.getCheckpointedSize();
    keptBytes += handle.getStateSize();
    whole++;
    completed.add(new Taken(id, subtask, handle, atBarrier));
    // The JobManager tells of them in their order, mostly at once.
    untold.add(id);
    if (random.nextInt(4) > 0) while (!untold.isEmpty()) kept.confirm(untold.poll());
    if (completed.size() > KEPT) {
      Taken oldest = completed.poll();
      registry.unregisterUnusedState(completed.peek().id);
      oldest.state.discardState();
    }
    for (Taken taken : completed) requireWhole(taken);
  }

  private static <T> T result(RunnableFuture<T> future) throws Exception {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a checkpoint that nobody aborted failed", e.getCause());
    }
  }

  private void requireWhole(Taken taken) throws IOException {
    Path brought = folder.resolve("brought");
    FormerFiles.bring(taken.handle, brought);
    Set<String> names = names(brought);
    if (!names.equals(taken.files.keySet())) throw new IllegalStateException("checkpoint " + taken.id + " has " + names);
    for (String name : names) {
      byte[] bytes = Files.readAllBytes(brought.resolve(name));
      if (!java.util.Arrays.equals(bytes, content(name, 0, taken.files.get(name).intValue())))
        throw new IllegalStateException(name + " of checkpoint " + taken.id + " is another");
      Files.delete(brought.resolve(name));
    }
    Files.delete(brought);
  }

  private void requireNothingElse() throws IOException {
    while (completed.size() > 1) completed.poll().state.discardState();
    registry.unregisterUnusedState(completed.peek().id);
    Set<String> needed = completed.peek().handle.streamSubHandles()
        .filter(FileStateHandle.class::isInstance)
        .map(handle -> ((FileStateHandle) handle).getFilePath().getName())
        .collect(Collectors.toCollection(TreeSet::new));
    Set<String> there = names(shared);
    there.removeAll(needed);
    if (!there.isEmpty()) throw new IllegalStateException("nobody needs " + there);
  }

  private byte[] said() throws IOException {
    List<Map<String, Object>> segments = new ArrayList<>();
    files.forEach((name, bytes) -> segments.add(Map.of("file", name, "bytes", bytes)));
    return Plan.JSON.writeValueAsBytes(Map.of("store", Map.of("segments", segments)));
  }

  private static Set<String> names(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(path -> path.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private static byte[] content(String name, long from, int length) {
    byte[] period = name.repeat(50).concat("-" + name.hashCode()).getBytes(StandardCharsets.UTF_8);
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) bytes[i] = (byte) (period[(int) ((from + i) % period.length)] + (from + i) / 4096);
    return bytes;
  }
}
