package countercheck.flink;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.api.common.operators.MailboxExecutor;

/**
 * The task's answers, brought to Flink's task thread: one coalesced mail drains what has come. Parts of checkpoints go
 * past it, to the thread that writes them down.
 */
final class TaskConnection implements NodeProcess.Listener, AutoCloseable {
  /** A frame from the task, or why there will be no more. */
  record Answer(byte type, ByteBuffer payload, IOException gone) {}

  /** What the task thread does with an answer. */
  interface Handler {
    void handle(byte type, ByteBuffer payload) throws Exception;
  }

  final NodeProcess node;
  private final MailboxExecutor mailbox;
  private final Handler handler;
  private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
  private final Map<Long, BlockingQueue<Answer>> parts = new ConcurrentHashMap<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private volatile IOException gone;

  TaskConnection(List<String> command, MailboxExecutor mailbox, Handler handler) throws IOException {
    this.mailbox = mailbox;
    this.handler = handler;
    node = new NodeProcess(command, this);
  }

  @Override
  public void frame(byte type, ByteBuffer payload) {
    if (type == Frames.PART || type == Frames.PULLED || type == Frames.PARTS_END) {
      BlockingQueue<Answer> queue = parts.get((long) payload.getDouble());
      // A checkpoint that was given up has no queue any more.
      if (queue != null) queue.add(new Answer(type, payload, null));
      return;
    }
    answers.add(new Answer(type, payload, null));
    schedule();
  }

  @Override
  public void gone(IOException why) {
    gone = why;
    Answer last = new Answer((byte) 0, null, why);
    parts.values().forEach(queue -> queue.add(last));
    answers.add(last);
    schedule();
  }

  /** Handles all that has come; on the task thread only. */
  void drain() throws Exception {
    scheduled.set(false);
    for (Answer answer = answers.poll(); answer != null; answer = answers.poll()) handle(answer);
  }

  /** Waits for an answer, and handles it; on the task thread only. */
  void await() throws Exception {
    handle(answers.take());
  }

  /** The queue of a checkpoint's parts, from now until `forgetParts`. */
  BlockingQueue<Answer> expectParts(long checkpoint) {
    BlockingQueue<Answer> queue = parts.computeIfAbsent(checkpoint, (id) -> new LinkedBlockingQueue<>());
    if (gone != null) queue.add(new Answer((byte) 0, null, gone));
    return queue;
  }

  void forgetParts(long checkpoint) {
    parts.remove(checkpoint);
  }

  /**
   * Lets whoever waits for parts of a checkpoint give up. Flink itself cancels the asynchronous phase only behind it, on
   * the one thread that it has for them, so that one which waits for nothing would hold up all later checkpoints.
   */
  void abortParts(long checkpoint) {
    BlockingQueue<Answer> queue = parts.remove(checkpoint);
    if (queue != null) queue.add(new Answer((byte) 0, null, new IOException("Checkpoint " + checkpoint + " was aborted.")));
  }

  @Override
  public void close() {
    parts.keySet().forEach(this::abortParts);
    node.close();
  }

  private void handle(Answer answer) throws Exception {
    if (answer.gone != null) throw answer.gone;
    handler.handle(answer.type, answer.payload);
  }

  private void schedule() {
    if (!scheduled.compareAndSet(false, true)) return;
    try {
      mailbox.execute(this::drain, "answers of the task in Node");
    } catch (RejectedExecutionException e) {
      // The subtask is over: nobody waits for answers.
    }
  }
}
