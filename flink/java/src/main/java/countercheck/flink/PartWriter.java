package countercheck.flink;

import java.io.DataOutputStream;
import java.io.IOException;
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
  private final BlockingQueue<TaskConnection.Answer> queue;

  PartWriter(TaskConnection task, long checkpoint, KeyGroupRange range, CheckpointStreamFactory factory) {
    this.task = task;
    this.checkpoint = checkpoint;
    this.range = range;
    this.factory = factory;
    this.queue = task.expectParts(checkpoint);
  }

  @Override
  public SnapshotResult<KeyedStateHandle> call() throws Exception {
    long[] offsets = new long[range.getNumberOfKeyGroups()];
    Arrays.fill(offsets, NO_OFFSET);
    long started = System.nanoTime();
    try (CheckpointStateOutputStream stream =
        factory.createCheckpointStateOutputStream(CheckpointedStateScope.EXCLUSIVE)) {
      int parts = write(stream, offsets);
      long bytes = stream.getPos();
      LOG.info("checkpoint {}: {} parts, {} bytes, {} ms", checkpoint, parts, bytes, (System.nanoTime() - started) / 1_000_000);
      if (parts == 0) return SnapshotResult.empty();
      return SnapshotResult.of(
          new KeyGroupsStateHandle(new KeyGroupRangeOffsets(range, offsets), stream.closeAndGetHandle()));
    } finally {
      task.forgetParts(checkpoint);
    }
  }

  private int write(CheckpointStateOutputStream stream, long[] offsets) throws Exception {
    DataOutputStream out = new DataOutputStream(stream);
    int parts = 0;
    int open = -1;
    // Two, so that the task has one more to answer while this one is written: a pull waits behind all rows in flight.
    pull();
    pull();
    for (;;) {
      TaskConnection.Answer answer = queue.take();
      if (answer.gone() != null) throw answer.gone();
      if (answer.type() == Frames.PARTS_END) break;
      if (answer.type() == Frames.PULLED) {
        pull();
        continue;
      }
      int group = answer.payload().getInt() - range.getStartKeyGroup();
      if (group != open) {
        if (group < open) throw new IOException("Key groups of a checkpoint's parts went back.");
        if (open >= 0) out.writeInt(0);
        out.flush();
        offsets[group] = stream.getPos();
        open = group;
      }
      out.writeInt(answer.payload().remaining());
      out.write(answer.payload().array(), answer.payload().position(), answer.payload().remaining());
      parts++;
    }
    if (open >= 0) out.writeInt(0);
    out.flush();
    return parts;
  }

  private void pull() {
    task.sendNumber(Frames.PULL, checkpoint);
  }
}
