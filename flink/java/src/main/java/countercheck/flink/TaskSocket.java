package countercheck.flink;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;

/**
 * Frames over the socket of a task. They are gathered and sent by `flush`; those that come are handed to the listener. Any
 * thread may write: threads of its own touch the socket, because Flink interrupts threads, and a channel closes for good when
 * a thread that is at work on it is interrupted.
 */
final class TaskSocket implements AutoCloseable {
  /** Told of what comes from the task, by one thread. */
  interface Listener {
    /** A frame; the payload is little-endian and the listener's to keep. While this does not return, nothing is read. */
    void frame(byte type, ByteBuffer payload) throws InterruptedException;

    /** Nothing more will come, and it was not closed from here. */
    void gone();

    /** What came could not be taken in, and nothing more is read. */
    void broken(Throwable cause);
  }

  private static final int FLUSH_BYTES = 64 * 1024;
  /** Room that a large frame took is given back. */
  private static final int KEPT_BYTES = 1024 * 1024;
  private static final int READ_BYTES = 64 * 1024;
  private static final int HEADER = 5;
  /** Frames whose ends are known; more than may ever be in flight. */
  private static final int RING = 4096;

  private final SocketChannel channel;
  private final Thread reader;
  private final long[] ends = new long[RING];
  private ByteBuffer gathered = allocate(2 * FLUSH_BYTES);
  private boolean isDue;
  private long bytes;
  private volatile long written;
  private volatile boolean closed;

  TaskSocket(SocketChannel channel, String name, Listener listener) {
    this.channel = channel;
    reader = Threads.start("reader of " + name, () -> read(listener));
    Threads.start("writer of " + name, this::send);
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

  /** Bytes of all frames behind the first so many, which are not too long ago. */
  synchronized long bytesBehind(long frames) {
    return frames == 0 ? bytes : bytes - ends[(int) (frames % RING)];
  }

  /** Has all that was written sent. */
  synchronized void flush() {
    isDue = gathered.position() > 0;
    notifyAll();
  }

  @Override
  public void close() {
    closed = true;
    synchronized (this) {
      notifyAll();
    }
    reader.interrupt();
    try {
      channel.close();
    } catch (IOException e) {
      // All is over already.
    }
  }

  private ByteBuffer begin(byte type, int length) {
    bytes += HEADER + length;
    written++;
    ends[(int) (written % RING)] = bytes;
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
          gathered = sent.capacity() > KEPT_BYTES ? allocate(2 * FLUSH_BYTES) : sent.clear();
          sent = due.flip();
        }
        write(sent);
      }
    } catch (IOException | InterruptedException e) {
      // The reader learns of it too, and tells.
    }
  }

  /** In pieces: what Java copies a buffer into to write it stays as large as the largest. */
  private void write(ByteBuffer due) throws IOException {
    int end = due.limit();
    while (due.position() < end) channel.write(due.limit(Math.min(due.position() + FLUSH_BYTES, end)));
  }

  private void read(Listener listener) {
    try (DataInputStream in = new DataInputStream(new BufferedInputStream(Channels.newInputStream(channel), READ_BYTES))) {
      for (;;) {
        byte[] payload = new byte[Integer.reverseBytes(in.readInt()) - 1];
        byte type = in.readByte();
        in.readFully(payload);
        listener.frame(type, ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN));
      }
    } catch (IOException | InterruptedException e) {
      if (!closed) listener.gone();
    } catch (RuntimeException | Error e) {
      // Such as no memory for a payload: who waits for answers waits for this thread.
      if (!closed) listener.broken(e);
    }
  }

  private static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
