package countercheck.flink;

import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import org.apache.flink.runtime.state.CheckpointStateOutputStream;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.CheckpointedStateScope;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeOffsets;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pulls the parts of a checkpoint from the task and writes them as raw keyed state, on the thread of a checkpoint's
 * asynchronous phase. A key group is a list of parts, each with its length (4 bytes) in front; 0 ends it.
 */
final class PartWriter implements Callable<SnapshotResult<KeyedStateHandle>> {
  private static final Logger LOG = LoggerFactory.getLogger(PartWriter.class);
  private static final long NO_OFFSET = -1;

  private final TaskConnection task;
  private final long checkpoint;
  private final KeyGroupRange range;
  private final CheckpointStreamFactory factory;
  private final Path folder;
  private final BlockingQueue<TaskConnection.Answer> queue;

  /** `folder`: where parts lie until all are there. */
  PartWriter(TaskConnection task, long checkpoint, KeyGroupRange range, CheckpointStreamFactory factory, Path folder) {
    this.task = task;
    this.checkpoint = checkpoint;
    this.range = range;
    this.factory = factory;
    this.folder = folder;
    this.queue = task.expectParts(checkpoint);
  }

  @Override
  public SnapshotResult<KeyedStateHandle> call() throws Exception {
    long started = System.nanoTime();
    int groups = range.getNumberOfKeyGroups();
    try (PartSpool spool = new PartSpool(folder, groups);
        CheckpointStateOutputStream stream =
            factory.createCheckpointStateOutputStream(CheckpointedStateScope.EXCLUSIVE)) {
      int parts = gather(spool);
      long gathered = System.nanoTime();
      long[] offsets = new long[groups];
      Arrays.fill(offsets, NO_OFFSET);
      write(spool, stream, offsets);
      LOG.info("checkpoint {}: {} parts, {} bytes, {} ms gathered and {} ms written", checkpoint, parts, stream.getPos(),
          (gathered - started) / 1_000_000, (System.nanoTime() - gathered) / 1_000_000);
      if (parts == 0) return SnapshotResult.empty();
      return SnapshotResult.of(
          new KeyGroupsStateHandle(new KeyGroupRangeOffsets(range, offsets), stream.closeAndGetHandle()));
    } finally {
      task.forgetParts(checkpoint);
    }
  }

  /** All parts, in whatever order they come; gives how many. */
  private int gather(PartSpool spool) throws Exception {
    int parts = 0;
    // Two, so that the task has one more to answer while this one is written.
    pull();
    pull();
    for (;;) {
      TaskConnection.Answer answer = queue.take();
      if (answer.gone() != null) throw answer.gone();
      if (answer.type() == Frames.PARTS_END) return parts;
      if (answer.type() == Frames.PULLED) {
        pull();
        continue;
      }
      spool.add(answer.payload().getInt() - range.getStartKeyGroup(), answer.payload());
      parts++;
    }
  }

  private void write(PartSpool spool, CheckpointStateOutputStream stream, long[] offsets) throws IOException {
    DataOutputStream out = new DataOutputStream(stream);
    for (int group = 0; group < offsets.length; group++) {
      if (spool.parts(group) == 0) continue;
      out.flush();
      offsets[group] = stream.getPos();
      spool.copy(group, out);
      out.writeInt(0);
    }
    out.flush();
  }

  private void pull() {
    task.sendNumber(Frames.PULL, checkpoint);
  }
}
