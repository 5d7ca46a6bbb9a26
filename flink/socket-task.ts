import type { Socket } from "node:net";
import { failureFrame, type SafeText, same } from "./failure-frame.ts";
import { FrameQueue } from "./frame-queue.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FROM_TASK, FrameSplitter, TO_TASK } from "./frames.ts";
import type { Handover } from "./handover.ts";
import type { MakeHostedTask, TaskMetrics } from "./hosted-task.ts";
import { letGo } from "./let-go.ts";
import { TaskDriver } from "./task-driver.ts";

/** Under `task` stands what is of no operator alone, under `node` what is of the process. */
const TASK = "task";
export const NODE_METRICS = "node";

const METRICS_MS = 1_000;
/** Between two looks at what look-ups have in hand, when nothing has woken the task. */
const POLL_MS = 20;
/** Between two frames while results are full: what stops altogether would keep a barrier from coming that lets them go. */
const TRICKLE_MS = 5;
/** Between two looks at results that wait for servers. */
const STUCK_MS = 100;
/** Of work, before others in the process have their turn. */
const TURN_MS = 20;
/** Of work on the parts of a checkpoint behind each turn: for so long rows wait for it. */
const PARTS_MS = 10;
/** Of answers, before they are sent. */
const SEND_BYTES = 256 * 1024;
/** Of answers that were sent and not read yet: then no rows are taken in. */
const MOST_UNREAD_BYTES = 1024 * 1024;

/**
 * Drives a task at the other end of a socket from a Flink subtask. All calls of the task are made here, one at a time, in
 * the order of the frames. `handover` is that of the process. Resolves when the other end is gone, in whatever way: all that matters is in checkpoints. When
 * the task fails, Flink is told why, by a text that `safe` gives, and the promise rejects.
 */
export function driveTask(
  socket: Socket,
  make: MakeHostedTask,
  handover: Handover,
  safe: SafeText = same,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const connection = new Connection(socket, make, handover, safe, reject);
    socket.on("data", (chunk: Buffer) => connection.push(chunk));
    socket.on("drain", () => connection.turn());
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("close", () => {
      connection.close();
      resolve();
    });
  });
}

const NO_METRICS = Buffer.from("[]");

/** Frames on their way from a socket to a driver, and its answers on their way back. */
class Connection {
  readonly #socket: Socket;
  readonly #driver: TaskDriver;
  readonly #safe: SafeText;
  readonly #fail: (error: unknown) => void;
  readonly #splitter = new FrameSplitter((type, payload) => this.#add(type, payload));
  readonly #metricsTimer: NodeJS.Timeout;
  readonly #frames = new FrameQueue();
  /** Called by others; the same function each time, so that whoever keeps it keeps it once. */
  readonly #turnSoon = () => {
    if (!this.#isOver) this.#turnAgain();
  };
  /** A frame waits for something: nothing behind it is taken in meanwhile. */
  #isWaiting = false;
  #isOver = false;
  #turnTimer: NodeJS.Immediate | undefined;
  #pollTimer: NodeJS.Timeout | undefined;
  #trickleAt = 0;
  #lookTimer: NodeJS.Timeout | undefined;
  /** Since the last metrics, in ms. */
  #busyMs = 0;
  #toldAt = performance.now();
  #aliveAt = performance.now();

  constructor(
    socket: Socket,
    make: MakeHostedTask,
    handover: Handover,
    safe: SafeText,
    fail: (error: unknown) => void,
  ) {
    this.#socket = socket;
    this.#safe = safe;
    this.#fail = fail;
    this.#driver = new TaskDriver({ make, handover, wake: () => this.#poll(), alive: () => this.#tellAlive() });
    this.#metricsTimer = setInterval(() => this.#tellMetrics(), METRICS_MS);
  }

  push(chunk: Buffer): void {
    this.#guarded(() => this.#splitter.push(chunk));
    letGo(chunk);
    // What else the socket holds comes before that, and is answered with it.
    this.#turnAgain();
  }

  /** Takes in what has come, as far as there is room for what comes of it. */
  turn(): void {
    if (this.#isWaiting || this.#isOver) return;
    this.#guarded(() => this.#takeFrames());
  }

  close(): void {
    this.#isOver = true;
    clearInterval(this.#metricsTimer);
    clearTimeout(this.#pollTimer);
    clearTimeout(this.#lookTimer);
    if (this.#turnTimer !== undefined) clearImmediate(this.#turnTimer);
    this.#driver.close();
  }

  #add(type: number, payload: Buffer): void {
    // What is restored is looked at again until the task has started.
    this.#frames.push({ type, payload: this.#driver.isStarted ? payload : Buffer.from(payload) });
  }

  #takeFrames(): void {
    const begin = performance.now();
    // A checkpoint is written down although rows wait.
    if (this.#driver.isStarted) this.#frames.bringForward();
    while (!this.#frames.isEmpty && this.#hasRoom()) {
      const { type, payload } = this.#frames.shift();
      const taken = type === TO_TASK.finish ? this.#finish(payload) : this.#driver.take(type, payload);
      if (taken !== undefined) {
        this.#busyMs += performance.now() - begin;
        this.#await(taken);
        return;
      }
      if (performance.now() - begin > TURN_MS) {
        this.#turnAgain();
        break;
      }
    }
    if (this.#frames.isEmpty) this.#splitter.letGo();
    this.#driver.settle();
    this.#bringParts();
    this.#send();
    this.#busyMs += performance.now() - begin;
    this.#pollLater();
  }

  /** Some parts of a checkpoint behind each turn: all the time where nothing else is to be done, a third where rows wait. */
  #bringParts(): void {
    const until = performance.now() + PARTS_MS;
    const { out } = this.#driver;
    while (this.#owesParts && out.length < SEND_BYTES && performance.now() < until) this.#driver.bringParts();
    if (this.#owesParts) this.#turnAgain();
  }

  /** Parts are made once those before them are read, so that results do not wait behind many. */
  get #owesParts(): boolean {
    return this.#driver.owesParts && !this.#socket.writableNeedDrain;
  }

  #turnAgain(): void {
    this.#turnTimer ??= setImmediate(() => {
      this.#turnTimer = undefined;
      this.turn();
    });
  }

  /** Rows wait while the task or its results are full, unless a barrier is behind them, which waits for no answer of others. */
  #hasRoom(): boolean {
    if (this.#socket.writableLength > MOST_UNREAD_BYTES) return false;
    if (this.#driver.out.length > SEND_BYTES) this.#send();
    const { type } = this.#frames.first;
    if (this.#frames.hasBarrier || (type !== TO_TASK.batch && type !== TO_TASK.records && type !== TO_TASK.proof))
      return true;
    return this.#takesRows();
  }

  #takesRows(): boolean {
    const driver = this.#driver;
    if (driver.isFull) return false;
    const { fullLane } = driver;
    if (fullLane !== undefined) {
      fullLane.whenRoom(this.#turnSoon);
      return false;
    }
    if (driver.hasStuckResults) return this.#lookAgain(STUCK_MS);
    return !driver.hasFullResults || this.#trickles();
  }

  /** One frame now and then. */
  #trickles(): boolean {
    const wait = this.#trickleAt - performance.now();
    if (wait > 0) return this.#lookAgain(wait);
    this.#trickleAt = performance.now() + TRICKLE_MS;
    return true;
  }

  #lookAgain(inMs: number): false {
    this.#lookTimer ??= setTimeout(() => {
      this.#lookTimer = undefined;
      this.turn();
    }, inMs);
    return false;
  }

  #await(taken: Promise<void>): void {
    this.#isWaiting = true;
    this.#send();
    taken.then(
      () => {
        this.#isWaiting = false;
        this.turn();
      },
      (error) => this.#failed(error),
    );
  }

  /** All that was handed in goes out before the task is over. */
  #finish(payload: Buffer): void | Promise<void> {
    this.#driver.settle();
    if (!this.#driver.isBusy) return this.#driver.take(TO_TASK.finish, payload);
    this.#pollLater();
    return new Promise((resolve, reject) => {
      this.#onIdle = () => {
        try {
          resolve(this.#driver.take(TO_TASK.finish, payload));
        } catch (error) {
          reject(error);
        }
      };
    });
  }

  /** Called when look-ups have nothing in hand any more. */
  #onIdle: (() => void) | undefined;

  #poll(): void {
    if (this.#isOver) return;
    this.#guarded(() => {
      const begin = performance.now();
      const wasFull = this.#driver.isFull;
      while (this.#driver.poll(Date.now()));
      this.#send();
      this.#busyMs += performance.now() - begin;
      if (wasFull && !this.#driver.isFull) this.turn();
      if (this.#driver.isBusy) this.#pollLater();
      else {
        this.#onIdle?.();
        this.#onIdle = undefined;
      }
    });
  }

  #pollLater(): void {
    if (!this.#driver.isBusy) return;
    this.#pollTimer ??= setTimeout(() => {
      this.#pollTimer = undefined;
      this.#poll();
    }, POLL_MS);
  }

  #tellMetrics(): void {
    if (this.#isOver || this.#socket.writableNeedDrain) return;
    this.#guarded(() => {
      const now = performance.now();
      const busyMsPerSecond = Math.round((this.#busyMs * 1_000) / (now - this.#toldAt));
      this.#busyMs = 0;
      this.#toldAt = now;
      const { rowsIn, rowsOut } = this.#driver;
      const nodeRssBytes = process.memoryUsage.rss();
      const own: TaskMetrics[] = [
        { name: TASK, values: { rowsIn, rowsOut, busyMsPerSecond } },
        { name: NODE_METRICS, values: { nodeRssBytes } },
      ];
      this.#driver.tellMetrics([...this.#driver.metrics(), ...own]);
      this.#send();
    });
  }

  /**
   * Goes out at once, although the one thread there is has not come back to the socket yet; ahead of all that is gathered, which
   * the socket may not take at once.
   */
  #tellAlive(): void {
    const now = performance.now();
    if (now - this.#aliveAt < METRICS_MS || this.#isOver) return;
    this.#aliveAt = now;
    const frame = new FrameWriter();
    frame.begin(FROM_TASK.metrics).raw(NO_METRICS, 0, NO_METRICS.length);
    frame.finish();
    this.#socket.write(frame.take());
  }

  #send(): void {
    this.#driver.flush();
    const bytes = this.#driver.out.take();
    if (bytes.length > 0) this.#socket.write(bytes, (error) => error ?? letGo(bytes));
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.end(failureFrame(error, this.#safe));
    this.#fail(error);
  }
}
