package countercheck.flink;

/** Numbers of the frames between a subtask and its task in Node; `frames.ts` says what is in each. */
final class Frames {
  // To the task.
  static final byte OPEN = 1;
  static final byte RESTORE = 2;
  static final byte RESTORE_OWN = 3;
  static final byte START = 4;
  static final byte BATCH = 5;
  static final byte CONTROL = 6;
  static final byte END = 7;
  static final byte PROCESSING_TIME = 8;
  static final byte BARRIER = 9;
  static final byte PULL = 10;
  static final byte ABORT = 11;
  static final byte FINISH = 12;
  static final byte RECORDS = 13;
  static final byte PROOF = 14;
  static final byte CONFIRMED = 15;
  static final byte FILES = 16;
  static final byte RESTORE_FILES = 17;

  // From the task.
  static final byte READY = 1;
  static final byte RECORD = 2;
  static final byte FORWARD = 3;
  static final byte FORWARD_CONTROL = 4;
  static final byte FORWARD_END = 5;
  static final byte TAKEN = 6;
  static final byte BARRIER_REACHED = 7;
  static final byte PART = 8;
  static final byte PULLED = 9;
  static final byte PARTS_END = 10;
  static final byte FAILED = 11;
  static final byte METRICS = 12;
  static final byte WRITTEN_FILES = 13;

  private Frames() {}
}
