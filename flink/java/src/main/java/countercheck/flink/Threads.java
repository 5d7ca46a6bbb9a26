package countercheck.flink;

/** Threads of our own, which end with what they serve. */
final class Threads {
  private Threads() {}

  static Thread start(String name, Runnable run) {
    Thread thread = new Thread(run, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }
}
