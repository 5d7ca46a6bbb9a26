package countercheck.flink;

/** A task in Node has failed. Prints what the task says, then its stack in TypeScript; Java's says nothing about it. */
final class TaskFailure extends Exception {
  TaskFailure(String message, String stack) {
    super(message + places(stack), null, true, false);
  }

  @Override
  public String toString() {
    return getMessage();
  }

  /** A stack of V8 begins with the message again. */
  private static String places(String stack) {
    int start = stack.indexOf("\n    at ");
    return start < 0 ? "" : stack.substring(start);
  }
}
