package countercheck.flink;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A task in a Node child, at the other end of a Unix domain socket. Frames are gathered and sent by `flush`; those that
 * come are handed to the listener. Any thread may write: a thread of its own touches the socket, because Flink interrupts
 * threads, and a channel closes for good when a thread that is at work on it is interrupted.
 */
final class NodeProcess implements AutoCloseable {
  /** Told of what comes from the task, by one thread. */
  interface Listener {
    /** A frame; the payload is little-endian and the listener's to keep. */
    void frame(byte type, ByteBuffer payload);

    /** The task is gone. */
    void gone(IOException why);
  }

  private static final int FLUSH_BYTES = 64 * 1024;
  private static final int HEADER = 5;

  private final Process process;
  private final SocketChannel channel;
  private final Path folder;
  private ByteBuffer gathered = allocate(2 * FLUSH_BYTES);
  private boolean isDue;
  private volatile long written;
  private volatile boolean closed;

  /** Starts the child with the socket's path as its last argument, and waits for it to connect. */
  NodeProcess(List<String> command, Listener listener) throws IOException {
    folder = Files.createTempDirectory("countercheck-");
    Path path = folder.resolve("task");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path));
      List<String> whole = new ArrayList<>(command);
      whole.add(path.toString());
      process = new ProcessBuilder(whole).inheritIO().start();
      // A child that dies before it has connected must not be waited for.
      process.onExit().thenRun(() -> closeQuietly(server));
      channel = server.accept();
    }
    start("task-reader", () -> read(listener));
    start("task-writer", this::send);
  }

  /** Adds a frame; it is sent by `flush`, or before when there is much. */
  synchronized void write(byte type, byte[] payload, int start, int length) {
    begin(type, length).put(payload, start, length);
    if (gathered.position() >= FLUSH_BYTES) flush();
  }

  /** Adds a frame with an input's number in front of its payload. */
  synchronized void write(byte type, int input, byte[] payload, int start, int length) {
    begin(type, length + 1).put((byte) input).put(payload, start, length);
    if (gathered.position() >= FLUSH_BYTES) flush();
  }

  /** Adds a frame that holds a number only. */
  synchronized void writeNumber(byte type, double number) {
    begin(type, 8).putDouble(number);
  }

  /** Frames written, sent or not. */
  long written() {
    return written;
  }

  /** Has all that was written sent. */
  synchronized void flush() {
    isDue = true;
    notifyAll();
  }

  @Override
  public void close() {
    closed = true;
    flush();
    closeQuietly(channel);
    try {
      if (!process.waitFor(2, TimeUnit.SECONDS)) process.destroyForcibly();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    folder.resolve("task").toFile().delete();
    folder.toFile().delete();
  }

  private ByteBuffer begin(byte type, int length) {
    written++;
    if (gathered.remaining() < HEADER + length) {
      ByteBuffer roomier = allocate(Math.max(gathered.capacity() * 2, gathered.position() + HEADER + length));
      gathered.flip();
      gathered = roomier.put(gathered);
    }
    return gathered.putInt(length + 1).put(type);
  }

  private void send() {
    ByteBuffer sent = allocate(2 * FLUSH_BYTES);
    try {
      while (!closed) {
        synchronized (this) {
          while (!isDue && !closed) wait();
          isDue = false;
          ByteBuffer due = gathered;
          gathered = sent.clear();
          sent = due.flip();
        }
        while (sent.hasRemaining()) channel.write(sent);
      }
    } catch (IOException | InterruptedException e) {
      // The reader learns of it too, and tells.
    }
  }

  private void read(Listener listener) {
    try (DataInputStream in = new DataInputStream(Channels.newInputStream(channel))) {
      for (;;) {
        byte[] bytes = new byte[Integer.reverseBytes(in.readInt()) - 1];
        byte type = in.readByte();
        in.readFully(bytes);
        listener.frame(type, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
      }
    } catch (IOException e) {
      if (!closed) listener.gone(new IOException("The task in Node has ended by itself.", e));
    }
  }

  private static void start(String name, Runnable run) {
    Thread thread = new Thread(run, name);
    thread.setDaemon(true);
    thread.start();
  }

  private static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void closeQuietly(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      // It is closed because all is over already.
    }
  }
}
