import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** A peer in a Node process of its own, which sends `{ read }` as it goes and ends when it is told `"end"`. */
export class PeerChild<Last> implements AsyncDisposable {
  /** The last thing that it sends, if it is one that sends something. */
  last: Last | undefined;
  read = 0;
  readonly #process: ChildProcess;
  #stderr = "";

  /** `flags` are Node's. */
  constructor(module: string, args: readonly string[], flags: readonly string[] = []) {
    const execArgv = [...process.execArgv, ...flags];
    this.#process = fork(module, args, { execArgv, stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#process.stderr!.on("data", (chunk) => (this.#stderr = (this.#stderr + chunk).slice(-4_000)));
    this.#process.on("message", (message: { readonly read?: number; readonly last?: Last }) => {
      if (message.read !== undefined) this.read = message.read;
      if (message.last !== undefined) this.last = message.last;
    });
    process.once("exit", () => this.#process.kill("SIGKILL"));
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** What it said when it ended; undefined while it runs. */
  get failure(): string | undefined {
    const { exitCode, signalCode } = this.#process;
    return exitCode === null && signalCode === null ? undefined : `${exitCode ?? signalCode}: ${this.#stderr}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.failure !== undefined) return;
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.send("end");
    await Promise.race([ended, sleep(30_000, undefined, { ref: false })]);
    this.#process.kill("SIGKILL");
    await ended;
  }
}
