import type { Worker as Thread } from "node:worker_threads";
import { assert, CountercheckError } from "../base/errors.ts";
import type { Control } from "../dataflow/operator.ts";
import type { Manifest } from "./checkpoint/manifest.ts";
import type { OutboxRecord } from "./outbox.ts";
import type { WorkerPart, WorkerStatus } from "./worker.ts";
import type { WorkerHandle } from "./worker-handle.ts";
import { fromThrown, type WorkerCommand, type WorkerReply } from "./worker-thread.ts";

/** A worker in a thread of its own, which runs `driveWorker`. */
export class ThreadWorker implements WorkerHandle {
  readonly #thread: Thread;
  readonly #index: number;
  #status: WorkerStatus;
  #failure: Error | undefined;
  #isClosed = false;
  readonly #onPart: Waiter<WorkerPart>[] = [];
  readonly #onStarted: Waiter<void>[] = [];
  readonly #onReported: Waiter<void>[] = [];
  #takeReport: ((records: readonly OutboxRecord[]) => void) | undefined;
  readonly #onClosed: Waiter<void>[] = [];

  constructor(thread: Thread, index: number) {
    this.#thread = thread;
    this.#index = index;
    this.#status = {
      worker: index,
      ended: false,
      sourcesEnded: false,
      stuck: undefined,
      sources: [],
      operators: [],
      emitted: 0,
    };
    thread.on("message", (reply: WorkerReply) => this.#heard(reply));
    thread.on("error", (error) => this.#failed(error as Error));
    thread.on("exit", () => this.#exited());
  }

  start(from: Manifest | undefined): Promise<void> {
    return this.#ask({ type: "start", from }, this.#onStarted);
  }

  /** A thread does its turns by itself. */
  turn(): boolean {
    this.#requireAlive();
    return false;
  }

  checkpoint(): Promise<WorkerPart> {
    return this.#ask({ type: "checkpoint" }, this.#onPart);
  }

  control(element: Control): void {
    this.#say({ type: "control", element });
  }

  decide(decisions: readonly unknown[]): void {
    this.#say({ type: "decide", decisions });
  }

  processingTime(time: number): void {
    this.#say({ type: "processing-time", time });
  }

  drain(): void {
    this.#say({ type: "drain" });
  }

  status(): WorkerStatus {
    this.#requireAlive();
    return this.#status;
  }

  async report(take: (records: readonly OutboxRecord[]) => void): Promise<void> {
    this.#takeReport = take;
    await this.#ask({ type: "report" }, this.#onReported);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => {
      this.#onClosed.push({ resolve, reject: () => resolve() });
      this.#say({ type: "close" });
    });
    await this.#thread.terminate();
  }

  #heard(reply: WorkerReply): void {
    switch (reply.type) {
      case "started":
        return this.#onStarted.shift()!.resolve();
      case "status":
        this.#status = reply.status;
        return;
      case "part":
        return this.#onPart.shift()!.resolve(reply.part);
      case "report":
        return this.#takeReport?.(reply.records);
      case "reported":
        return this.#onReported.shift()!.resolve();
      case "failed":
        return this.#failed(fromThrown(reply.error));
      case "closed":
        this.#isClosed = true;
        for (const { resolve } of this.#onClosed.splice(0)) resolve();
    }
  }

  #exited(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { resolve } of this.#onClosed.splice(0)) resolve();
    this.#failed(new CountercheckError("WORKER_DIED", { worker: this.#index, reason: "its thread ended" }));
  }

  #failed(error: Error): void {
    this.#failure ??= error;
    for (const waiters of [this.#onStarted, this.#onPart, this.#onReported]) {
      for (const { reject } of waiters.splice(0)) reject(this.#failure);
    }
  }

  #ask<T>(command: WorkerCommand, waiters: Waiter<T>[]): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      assert(!this.#isClosed, "a worker that was closed is asked nothing");
      waiters.push({ resolve, reject });
      this.#say(command);
    });
  }

  #say(command: WorkerCommand): void {
    this.#thread.postMessage(command);
  }

  #requireAlive(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}
