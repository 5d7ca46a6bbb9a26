package countercheck.flink;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Node child of a slot: hosts the tasks of all operators of one job with the same subtask index in this JVM, each behind
 * a connection of its own. The first that comes starts it; it ends with the last.
 */
final class NodeProcess {
  /** Whose child it is. */
  record Owner(JobID job, String name, int subtask) {
    /** Counts subtasks as Flink shows them, from 1 on. */
    @Override
    public String toString() {
      return name + "/" + (subtask + 1);
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(NodeProcess.class);
  private static final Map<Owner, NodeProcess> SHARED = new HashMap<>();
  /** Java's exit codes of children that a signal has ended begin behind it. */
  private static final int SIGNALS = 128;
  private static final long TICK_MS = 1_000;
  private static final long LEAVING_MS = 2_000;

  private final Owner owner;
  private final long hangingAfterMs;
  private final ChildFolder folder;
  private final Path socket;
  private final Process process;
  private final ChildLog log;
  private final Set<TaskConnection> connections = ConcurrentHashMap.newKeySet();
  /** How many operators use it; guarded by SHARED. */
  private int users = 1;
  private volatile String killedBecause;

  private NodeProcess(Owner owner, Plan.Child child, Path temporary) throws IOException {
    this.owner = owner;
    hangingAfterMs = child.hangingAfterMs();
    folder = ChildFolder.make(temporary);
    socket = folder.path.resolve("socket");
    process = start(temporary, child);
    LOG.info("{}: Node is process {}", owner, process.pid());
    log = new ChildLog(owner.toString());
    log.follow(process);
    Threads.start("watch of " + owner, this::watch);
  }

  /** The child of the slot, started if there is none; to be given back by `release`. */
  static NodeProcess acquire(Owner owner, Plan.Child child, Path temporary) throws IOException {
    synchronized (SHARED) {
      NodeProcess shared = SHARED.get(owner);
      if (shared != null && shared.process.isAlive() && shared.killedBecause == null) {
        shared.users++;
        return shared;
      }
      NodeProcess started = new NodeProcess(owner, child, temporary);
      SHARED.put(owner, started);
      return started;
    }
  }

  /** An empty folder for the files of a task. */
  Path taskFolder(int task) throws IOException {
    return Files.createDirectory(folder.path.resolve("task-" + task));
  }

  /** Connects as soon as the child listens; fails when it does not, or has ended. */
  SocketChannel connect() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(hangingAfterMs);
    for (long pauseMs = 2; ; pauseMs = Math.min(2 * pauseMs, 50)) {
      SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        channel.connect(UnixDomainSocketAddress.of(socket));
        return channel;
      } catch (IOException e) {
        channel.close();
        if (!process.isAlive()) throw gone();
        if (System.nanoTime() > deadline) throw new TaskFailure("Node of " + owner + " does not listen after " + hangingAfterMs + " ms.");
      }
      Thread.sleep(pauseMs);
    }
  }

  /** Watches a connection: one that is owed an answer, while none is heard of for too long, shows that the child hangs. */
  void watch(TaskConnection connection) {
    connections.add(connection);
  }

  void unwatch(TaskConnection connection) {
    connections.remove(connection);
  }

  /** Kills the child at once, for all that use it. */
  void kill(String why) {
    if (killedBecause == null) killedBecause = why;
    LOG.warn("{}: {} Killing process {}", owner, why, process.pid());
    process.destroyForcibly();
  }

  /** Why the child is gone, for people. */
  TaskFailure gone() {
    if (killedBecause != null) return new TaskFailure(killedBecause);
    try {
      if (!process.waitFor(1, TimeUnit.SECONDS)) return new TaskFailure("Node of " + owner + " has closed a connection by itself.");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new TaskFailure("Node of " + owner + " is gone.");
    }
    int code = process.exitValue();
    String how = code > SIGNALS ? "by signal " + (code - SIGNALS) : "with exit code " + code;
    String last = log.last();
    return new TaskFailure("Node of " + owner + " has ended " + how + (last.isEmpty() ? "." : ". Its last lines:\n" + last));
  }

  /** Lets go of the child; the last user waits until it has ended. */
  void release() {
    synchronized (SHARED) {
      if (--users > 0) return;
      SHARED.remove(owner, this);
    }
    try {
      process.getOutputStream().close();
      if (!process.waitFor(LEAVING_MS, TimeUnit.MILLISECONDS)) process.destroyForcibly();
    } catch (IOException | InterruptedException e) {
      process.destroyForcibly();
      if (e instanceof InterruptedException) Thread.currentThread().interrupt();
    }
    folder.close();
  }

  /** Its standard input stays open as long as this JVM lives, so that a child nobody has connected to can tell. */
  private Process start(Path temporary, Plan.Child child) throws IOException {
    try {
      NodeHome home = NodeHome.unpack(temporary, child.hasNode());
      folder.uses(home.folders());
      List<String> command = home.command(child.flags());
      command.add(socket.toString());
      return started(command);
    } catch (IOException e) {
      folder.close();
      throw e;
    }
  }

  private Process started(List<String> command) throws TaskFailure {
    try {
      return new ProcessBuilder(command).start();
    } catch (IOException e) {
      throw new TaskFailure("Node of " + owner + " cannot be started: " + e.getMessage()
          + ". Flink's io.tmp.dirs must be on a volume that programs may be run from.");
    }
  }

  private void watch() {
    long heardBefore = 0;
    long silentTicks = 0;
    try {
      while (!process.waitFor(TICK_MS, TimeUnit.MILLISECONDS)) {
        long heard = connections.stream().mapToLong(TaskConnection::heard).sum();
        // One thread serves all: while one task is heard of, such as by what it says of a long restore, the others wait.
        boolean isSilent = heard == heardBefore && connections.stream().anyMatch(TaskConnection::isOwedAnswer);
        heardBefore = heard;
        // In ticks, not by the clock: when this JVM has stood still itself, answers may be waiting to be read.
        silentTicks = isSilent ? silentTicks + 1 : 0;
        if (silentTicks * TICK_MS > hangingAfterMs) kill("Node of " + owner + " has not answered for " + hangingAfterMs + " ms: it hangs.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
