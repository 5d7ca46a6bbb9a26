package countercheck.nexmark;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** CPU of this process when parts of the events had been read. One source reads in it. */
final class Progress {
  /** The steady part lies between these parts of all events. */
  static final double STEADY_FROM = 0.4;

  static final double STEADY_TO = 0.9;
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static volatile int readers;
  private static long fromAt = Long.MAX_VALUE;
  private static long toAt = Long.MAX_VALUE;
  private static long fromCpu;
  private static long toCpu;
  private static long fromEvents;
  private static long toEvents;
  private static volatile long events;

  private Progress() {}

  static synchronized void begin(long all) {
    readers++;
    fromAt = (long) (all * STEADY_FROM);
    toAt = (long) (all * STEADY_TO);
  }

  static void read(long count) {
    events = count;
    if (count < fromAt) return;
    if (fromEvents == 0) {
      fromEvents = count;
      fromCpu = cpu();
    } else if (toEvents == 0 && count >= toAt) {
      toEvents = count;
      toCpu = cpu();
    }
  }

  /** Nanoseconds of all threads. */
  static long cpu() {
    return SYSTEM.getProcessCpuTime();
  }

  static String json(double seconds) {
    return String.format(
        "{\"events\":%d,\"readers\":%d,\"seconds\":%.3f,\"cpuSeconds\":%.3f,\"steadyEvents\":%d,\"steadyCpuSeconds\":%.3f}",
        events, readers, seconds, cpu() / 1e9, toEvents - fromEvents, (toCpu - fromCpu) / 1e9);
  }
}
