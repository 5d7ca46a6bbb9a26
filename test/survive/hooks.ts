import type { WorkerHooks } from "../../cli/workers.ts";
import { FileLogReader } from "../../connectors/file/reader.ts";

/** Where a process is to die, as `point:times`: when it comes to that place for the so-many-th time in one thread. */
export const CRASH_AT = "COUNTERCHECK_TEST_CRASH_AT";

/** One read of a log brings a frame, and takes so long that a run has time for many checkpoints. */
const READ_MS = 1;

/** Has this thread read slowly, compact its state early, and kill its process where that is wanted. */
export function breakable(): WorkerHooks {
  readSlowly();
  const [wanted, times] = (process.env[CRASH_AT] ?? ":0").split(":");
  let seen = 0;
  return {
    store: { slackBytes: 8 << 10, segmentBytes: 32 << 10, stepBytes: 1 << 10 },
    onPoint: (point) => {
      if (point === wanted && ++seen === Number(times)) process.kill(process.pid, "SIGKILL");
    },
  };
}

function readSlowly(): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  const read = FileLogReader.prototype.read;
  FileLogReader.prototype.read = function () {
    Atomics.wait(clock, 0, 0, READ_MS);
    return read.call(this, 1);
  };
}
