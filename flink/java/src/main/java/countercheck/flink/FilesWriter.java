package countercheck.flink;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RunnableFuture;
import org.apache.flink.runtime.checkpoint.filemerging.FileMergingSnapshotManager;
import org.apache.flink.runtime.state.CheckpointStateOutputStream;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.CheckpointedStateScope;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.PlaceholderStreamStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Uploads what is new in the files of a task's state, on the thread of a checkpoint's asynchronous phase. The task says which
 * files there are, and keeps them meanwhile; what it said is the handle's metadata.
 */
final class FilesWriter implements Callable<SnapshotResult<KeyedStateHandle>> {
  /** What is written of which subtask. `shares`: pieces that former checkpoints have uploaded may be named. */
  record Snapshot(UUID attempt, long checkpoint, KeyGroupRange range, Path folder, boolean shares) {}

  private static final Logger LOG = LoggerFactory.getLogger(FilesWriter.class);
  private static final int BUFFER_BYTES = 256 * 1024;

  private final Snapshot snapshot;
  private final KeptPieces kept;
  private final CheckpointStreamFactory factory;
  private final BlockingQueue<TaskConnection.Answer> answers;
  private final Runnable letGo;
  /** Guarded by itself, like both flags. */
  private final List<StreamStateHandle> uploaded = new ArrayList<>();
  private boolean isDone;
  private boolean isGivenUp;

  /** `answers`: what the task says of its files; `letGo` may be called more than once, when they need not be kept any more. */
  FilesWriter(Snapshot snapshot, KeptPieces kept, CheckpointStreamFactory factory,
      BlockingQueue<TaskConnection.Answer> answers, Runnable letGo) {
    this.snapshot = snapshot;
    this.kept = kept;
    this.factory = factory;
    this.answers = answers;
    this.letGo = letGo;
  }

  /** Asks a task for its files, behind its barrier and in front of whatever comes next. */
  static FilesWriter of(TaskConnection task, Snapshot snapshot, KeptPieces kept, CheckpointStreamFactory factory) {
    BlockingQueue<TaskConnection.Answer> answers = task.expectParts(snapshot.checkpoint);
    task.sendNumber(Frames.FILES, snapshot.checkpoint);
    return new FilesWriter(snapshot, kept, factory, answers, () -> {
      task.forgetParts(snapshot.checkpoint);
      task.sendNumber(Frames.ABORT, snapshot.checkpoint);
    });
  }

  /** Flink discards a result that it has got. One that it did not wait for is discarded here: nobody else looks into the folder. */
  RunnableFuture<SnapshotResult<KeyedStateHandle>> asFuture() {
    return new FutureTask<>(this) {
      @Override
      protected void done() {
        if (isCancelled()) giveUp();
      }
    };
  }

  @Override
  public SnapshotResult<KeyedStateHandle> call() throws Exception {
    try {
      SnapshotResult<KeyedStateHandle> result = write();
      finish();
      return result;
    } catch (Exception | Error failure) {
      giveUp();
      synchronized (uploaded) {
        discard();
      }
      throw failure;
    } finally {
      letGo.run();
    }
  }

  private SnapshotResult<KeyedStateHandle> write() throws Exception {
    long started = System.nanoTime();
    byte[] said = said();
    List<KeptPieces.StateFile> files = filesIn(said);
    var named = kept.plan(snapshot.checkpoint, files, handle -> snapshot.shares && factory.couldReuseStateHandle(handle));
    factory.reusePreviousStateHandle(named.values().stream().flatMap(List::stream).map(KeptPieces.Piece::handle).toList());
    List<HandleAndLocalPath> shared = new ArrayList<>();
    Map<String, KeptPieces.Piece> added = new HashMap<>();
    byte[] buffer = new byte[BUFFER_BYTES];
    long bytes = said.length;
    for (KeptPieces.StateFile file : files) {
      long end = 0;
      for (KeptPieces.Piece piece : named.get(file.name())) {
        shared.add(FormerFiles.placed(placeholder(piece.handle()), file.name(), piece.from()));
        end = piece.to();
      }
      if (end == file.bytes()) continue;
      StreamStateHandle handle = upload(file, end, buffer);
      added.put(file.name(), new KeptPieces.Piece(end, file.bytes(), handle, snapshot.checkpoint));
      shared.add(FormerFiles.placed(handle, file.name(), end));
      bytes += file.bytes() - end;
    }
    StreamStateHandle metadata = metadata(said);
    kept.uploaded(snapshot.checkpoint, added);
    LOG.info("checkpoint {}: {} bytes of {} files uploaded, {} pieces in all, {} ms", snapshot.checkpoint, bytes, added.size(),
        shared.size(), (System.nanoTime() - started) / 1_000_000);
    return SnapshotResult.of(new IncrementalRemoteKeyedStateHandle(
        snapshot.attempt, snapshot.range, snapshot.checkpoint, shared, List.of(), metadata, bytes));
  }

  private byte[] said() throws Exception {
    TaskConnection.Answer answer = answers.take();
    if (answer.gone() != null) throw answer.gone();
    if (answer.type() != Frames.WRITTEN_FILES) throw new IOException("The task has nothing of checkpoint " + snapshot.checkpoint + ".");
    byte[] said = new byte[answer.payload().remaining()];
    answer.payload().get(said);
    return said;
  }

  private static List<KeptPieces.StateFile> filesIn(byte[] said) throws IOException {
    List<KeptPieces.StateFile> files = new ArrayList<>();
    for (JsonNode segment : Plan.JSON.readTree(said).required("store").required("segments")) {
      files.add(new KeptPieces.StateFile(segment.required("file").asText(), segment.required("bytes").asLong()));
    }
    return files;
  }

  private StreamStateHandle upload(KeptPieces.StateFile file, long from, byte[] buffer) throws IOException {
    try (RandomAccessFile in = new RandomAccessFile(snapshot.folder.resolve(file.name()).toFile(), "r");
        CheckpointStateOutputStream out = factory.createCheckpointStateOutputStream(CheckpointedStateScope.SHARED)) {
      in.seek(from);
      for (long left = file.bytes() - from; left > 0; ) {
        requireWanted();
        int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (read < 0) throw new IOException("A file of the task's state is shorter than it was: " + file.name());
        out.write(buffer, 0, read);
        left -= read;
      }
      return keep(out.closeAndGetHandle());
    }
  }

  private StreamStateHandle metadata(byte[] said) throws IOException {
    try (CheckpointStateOutputStream out = factory.createCheckpointStateOutputStream(CheckpointedStateScope.EXCLUSIVE)) {
      out.write(said);
      return keep(out.closeAndGetHandle());
    }
  }

  private StreamStateHandle keep(StreamStateHandle handle) {
    synchronized (uploaded) {
      uploaded.add(handle);
    }
    return handle;
  }

  /** The JobManager has the piece already; whoever discards this handle must leave it alone. */
  private static StreamStateHandle placeholder(StreamStateHandle handle) {
    return new PlaceholderStreamStateHandle(
        handle.getStreamStateHandleID(), handle.getStateSize(), FileMergingSnapshotManager.isFileMergingHandle(handle));
  }

  private void requireWanted() throws IOException {
    TaskConnection.Answer answer = answers.peek();
    if (answer != null && answer.gone() != null) throw answer.gone();
    synchronized (uploaded) {
      if (isGivenUp) throw new IOException("Checkpoint " + snapshot.checkpoint + " was cancelled.");
    }
  }

  private void finish() throws IOException {
    synchronized (uploaded) {
      if (isGivenUp) throw new IOException("Checkpoint " + snapshot.checkpoint + " was cancelled.");
      isDone = true;
    }
  }

  private void giveUp() {
    synchronized (uploaded) {
      isGivenUp = true;
      if (isDone) discard();
    }
    letGo.run();
  }

  private void discard() {
    for (StreamStateHandle handle : uploaded) {
      try {
        handle.discardState();
      } catch (Exception e) {
        LOG.warn("A piece of checkpoint {} cannot be discarded: {}", snapshot.checkpoint, handle, e);
      }
    }
    uploaded.clear();
  }
}
