package countercheck.flink;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.flink.api.common.operators.MailboxExecutor;

/**
 * A task in the slot's Node child. Its answers are brought to Flink's task thread: one coalesced mail drains what has come.
 * What is said of checkpoints goes past it, to the thread that writes them down. What is in flight is bounded both ways.
 */
final class TaskConnection implements TaskSocket.Listener, AutoCloseable {
  /** A frame from the task, or why there will be no more. */
  record Answer(byte type, ByteBuffer payload, IOException gone) {}

  /** What the task thread does with an answer. */
  interface Handler {
    void handle(byte type, ByteBuffer payload) throws Exception;
  }

  /** A barrier waits for all that is in flight, and so does each part of a checkpoint that is asked for. */
  private static final int MOST_FRAMES_IN_FLIGHT = 512;
  private static final int MOST_BYTES_IN_FLIGHT = 512 * 1024;
  /** Answers that wait for the task thread; then the task is not listened to, so that it stops taking in. */
  private static final int MOST_BYTES_WAITING = 8 * 1024 * 1024;

  private final NodeProcess process;
  private final TaskSocket socket;
  private final MailboxExecutor mailbox;
  private final Handler handler;
  private final Consumer<Throwable> fail;
  private final ArrayDeque<Answer> answers = new ArrayDeque<>();
  private final Map<Long, BlockingQueue<Answer>> parts = new ConcurrentHashMap<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  /** Of the answers; guarded by `answers`. */
  private int bytesWaiting;
  /** Frames that the task has taken in, and all that came of them has been handled. */
  private long taken;
  private volatile IOException gone;

  // What the watch looks at: written by the thread that reads.
  private volatile boolean isHeldBack;
  private volatile long heard;
  private volatile long acknowledged;

  /** `fail` may be called by any thread, and fails the subtask whatever its own thread waits for. */
  TaskConnection(
      NodeProcess process, String name, MailboxExecutor mailbox, Handler handler, Consumer<Throwable> fail)
      throws IOException, InterruptedException {
    this.process = process;
    this.mailbox = mailbox;
    this.handler = handler;
    this.fail = fail;
    socket = new TaskSocket(process.connect(), name, this);
    process.watch(this);
  }

  /** Sends a frame at once. */
  void send(byte type, byte[] payload) {
    socket.write(type, payload, 0, payload.length);
    socket.flush();
  }

  /** Sends a frame that holds a number only, at once; from any thread. */
  void sendNumber(byte type, double number) {
    socket.writeNumber(type, number);
    socket.flush();
  }

  /** Adds a frame, and waits while too much is in flight; on the task thread only. */
  void write(byte type, byte[] payload, int start, int length) throws Exception {
    socket.write(type, payload, start, length);
    written();
  }

  /** Adds a frame of one input, and waits while too much is in flight; on the task thread only. */
  void write(byte type, int input, byte[] payload, int start, int length) throws Exception {
    socket.write(type, input, payload, start, length);
    written();
  }

  /** Waits for an answer, and handles it; on the task thread only. */
  void await() throws Exception {
    handle(next(true));
  }

  /** Waits until all that was written has been taken in; on the task thread only. */
  void awaitAll() throws Exception {
    socket.flush();
    while (taken < socket.written()) await();
  }

  /** The same, but for so long at most, and not of a task that is gone. */
  void awaitAll(long mostMs) throws Exception {
    socket.flush();
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(mostMs);
    synchronized (answers) {
      while (gone == null && acknowledged < socket.written()) {
        long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
        if (left <= 0) return;
        answers.wait(left);
      }
    }
  }

  @Override
  public void frame(byte type, ByteBuffer payload) throws InterruptedException {
    heard++;
    if (type == Frames.PART || type == Frames.PULLED || type == Frames.PARTS_END || type == Frames.WRITTEN_FILES) {
      BlockingQueue<Answer> queue = parts.get((long) payload.getDouble());
      // A checkpoint that was given up has no queue any more.
      if (queue != null) queue.add(new Answer(type, payload, null));
      return;
    }
    if (type == Frames.FAILED) {
      end(TaskFailure.read(payload));
      return;
    }
    if (type == Frames.TAKEN) acknowledged = (long) payload.getDouble(0);
    synchronized (answers) {
      isHeldBack = bytesWaiting >= MOST_BYTES_WAITING;
      while (bytesWaiting >= MOST_BYTES_WAITING) answers.wait();
      isHeldBack = false;
      add(new Answer(type, payload, null));
    }
    schedule();
  }

  @Override
  public void gone() {
    if (gone == null) end(process.gone());
  }

  @Override
  public void broken(Throwable cause) {
    TaskFailure failure = new TaskFailure("What the task in Node answers cannot be taken in: " + cause);
    failure.initCause(cause);
    end(failure);
  }

  /** How many frames have come. */
  long heard() {
    return heard;
  }

  /** Something was sent that the task has not said to have taken in, and it is listened to. */
  boolean isOwedAnswer() {
    return acknowledged < socket.written() && !isHeldBack;
  }

  /** The queue of what is said of a checkpoint's parts, or files, from now until `forgetParts`. */
  BlockingQueue<Answer> expectParts(long checkpoint) {
    BlockingQueue<Answer> queue = parts.computeIfAbsent(checkpoint, (id) -> new LinkedBlockingQueue<>());
    if (gone != null) queue.add(new Answer((byte) 0, null, gone));
    return queue;
  }

  void forgetParts(long checkpoint) {
    parts.remove(checkpoint);
  }

  /**
   * Lets whoever writes a checkpoint down give up. Flink itself cancels the asynchronous phase only behind it, on
   * the one thread that it has for them, so that one which waits for nothing would hold up all later checkpoints.
   */
  void abortParts(long checkpoint) {
    BlockingQueue<Answer> queue = parts.remove(checkpoint);
    if (queue != null) queue.add(new Answer((byte) 0, null, new IOException("Checkpoint " + checkpoint + " was aborted.")));
  }

  @Override
  public void close() {
    process.unwatch(this);
    parts.keySet().forEach(this::abortParts);
    socket.close();
  }

  /** There will be nothing more, for this reason. */
  private void end(TaskFailure why) {
    gone = why;
    fail.accept(why);
    Answer last = new Answer((byte) 0, null, why);
    parts.values().forEach(queue -> queue.add(last));
    synchronized (answers) {
      add(last);
    }
    schedule();
  }

  /** Sends at once what an idle task gets; what a busy one gets is gathered until it answers. */
  private void written() throws Exception {
    if (socket.written() == taken + 1) socket.flush();
    if (hasRoom()) return;
    socket.flush();
    while (!hasRoom()) await();
  }

  private boolean hasRoom() {
    return socket.written() - taken < MOST_FRAMES_IN_FLIGHT && socket.bytesBehind(taken) < MOST_BYTES_IN_FLIGHT;
  }

  /** Handles all that has come. */
  private void drain() throws Exception {
    scheduled.set(false);
    for (Answer answer = next(false); answer != null; answer = next(false)) handle(answer);
  }

  private void handle(Answer answer) throws Exception {
    if (answer.gone != null) throw answer.gone;
    if (answer.type != Frames.TAKEN) {
      handler.handle(answer.type, answer.payload);
      return;
    }
    taken = (long) answer.payload.getDouble();
    if (taken < socket.written()) socket.flush();
  }

  /** The next answer; null without one, unless it is to be waited for. */
  private Answer next(boolean wait) throws InterruptedException {
    synchronized (answers) {
      while (wait && answers.isEmpty()) answers.wait();
      Answer answer = answers.poll();
      if (answer == null || answer.payload == null) return answer;
      boolean wasFull = bytesWaiting >= MOST_BYTES_WAITING;
      bytesWaiting -= answer.payload.capacity();
      if (wasFull && bytesWaiting < MOST_BYTES_WAITING) answers.notifyAll();
      return answer;
    }
  }

  private void add(Answer answer) {
    answers.add(answer);
    if (answer.payload != null) bytesWaiting += answer.payload.capacity();
    answers.notifyAll();
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
