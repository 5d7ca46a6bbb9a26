package countercheck.flink;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A task in Node has failed, or its child is gone. Prints what is to be said to people, then the task's stack in TypeScript;
 * Java's says nothing about it.
 */
final class TaskFailure extends IOException {
  TaskFailure(String message) {
    super(message);
    setStackTrace(new StackTraceElement[0]);
  }

  /** From the payload of a FAILED frame. */
  static TaskFailure read(ByteBuffer payload) {
    return new TaskFailure(text(payload) + text(payload));
  }

  @Override
  public String toString() {
    return getMessage();
  }

  /** A text with its length in front, seven bits a byte. */
  private static String text(ByteBuffer payload) {
    int length = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = payload.get();
      length |= (next & 127) << shift;
      if (next >= 0) break;
    }
    byte[] bytes = new byte[length];
    payload.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
