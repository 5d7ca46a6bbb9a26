import { setImmediate as yieldToEvents } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import type { ErrorCode } from "../base/error-catalogue.ts";
import { CountercheckError, type ErrorDetails, isError, messageOf } from "../base/errors.ts";
import { fullStack } from "../base/stacks.ts";
import type { Control } from "../dataflow/operator.ts";
import type { Manifest } from "./checkpoint/manifest.ts";
import type { Doorbell } from "./exchange/doorbell.ts";
import type { OutboxRecord } from "./outbox.ts";
import type { WorkerPart, WorkerStatus } from "./worker.ts";
import type { LocalWorker } from "./worker-handle.ts";

/** What a coordinator says to a worker in another thread. */
export type WorkerCommand =
  | { readonly type: "start"; readonly from: Manifest | undefined }
  | { readonly type: "checkpoint" }
  | { readonly type: "control"; readonly element: Control }
  | { readonly type: "decide"; readonly decisions: readonly unknown[] }
  | { readonly type: "processing-time"; readonly time: number }
  | { readonly type: "drain" }
  | { readonly type: "report" }
  | { readonly type: "close" };

/** What the worker says back. */
export type WorkerReply =
  | { readonly type: "started" }
  | { readonly type: "status"; readonly status: WorkerStatus }
  | { readonly type: "part"; readonly part: WorkerPart }
  | { readonly type: "report"; readonly records: readonly OutboxRecord[] }
  | { readonly type: "reported" }
  | { readonly type: "failed"; readonly error: ThrownError }
  | { readonly type: "closed" };

/** An error on its way to another thread. */
export interface ThrownError {
  readonly code: ErrorCode | undefined;
  readonly details: ErrorDetails;
  readonly message: string;
  readonly stack: string | undefined;
}

const IDLE_MS = 20;
const STATUS_EVERY_MS = 50;

/**
 * Drives a worker in this thread, as the coordinator at the other end of the port says, until it says to close. `atEnd` is done
 * before that is answered: the thread is ended then.
 */
export async function driveWorker(
  worker: LocalWorker,
  bell: Doorbell,
  port: MessagePort,
  atEnd: () => Promise<void> = async () => undefined,
): Promise<void> {
  const reply = (message: WorkerReply) => port.postMessage(message);
  const commands: WorkerCommand[] = [];
  port.on("message", (command: WorkerCommand) => {
    commands.push(command);
    bell.ring();
  });
  try {
    await new Drive(worker, bell, commands, reply).run();
  } catch (error) {
    reply({ type: "failed", error: toThrown(error) });
  } finally {
    await worker.close();
    await atEnd();
    reply({ type: "closed" });
    port.close();
  }
}

class Drive {
  readonly #worker: LocalWorker;
  readonly #bell: Doorbell;
  readonly #commands: WorkerCommand[];
  readonly #reply: (message: WorkerReply) => void;
  #mayRead = false;
  #isClosing = false;
  #statusAt = Number.NEGATIVE_INFINITY;
  #failure: { readonly error: unknown } | undefined;

  constructor(worker: LocalWorker, bell: Doorbell, commands: WorkerCommand[], reply: (message: WorkerReply) => void) {
    this.#worker = worker;
    this.#bell = bell;
    this.#commands = commands;
    this.#reply = reply;
  }

  async run(): Promise<void> {
    while (!this.#isClosing) {
      const seen = this.#bell.count;
      for (const command of this.#commands.splice(0)) await this.#obey(command);
      const turn = this.#mayRead && this.#worker.turn();
      const some = typeof turn === "boolean" ? turn : await turn;
      if (this.#failure !== undefined) throw this.#failure.error;
      this.#tellStatus(!some);
      if (some) await yieldToEvents();
      else if (this.#commands.length === 0) await this.#bell.waitLater(seen, IDLE_MS);
    }
  }

  async #obey(command: WorkerCommand): Promise<void> {
    switch (command.type) {
      case "start":
        await this.#worker.start(command.from);
        return this.#reply({ type: "started" });
      case "checkpoint":
        this.#worker.checkpoint().then(
          (part) => this.#reply({ type: "part", part }),
          (error) => {
            this.#failure = { error };
          },
        );
        return;
      case "control":
        return this.#worker.control(command.element);
      case "decide":
        this.#mayRead = true;
        return this.#worker.decide(command.decisions);
      case "processing-time":
        return this.#worker.processingTime(command.time);
      case "drain":
        return this.#worker.drain();
      case "report":
        await this.#worker.report((records) => this.#reply({ type: "report", records }));
        return this.#reply({ type: "reported" });
      case "close":
        this.#isClosing = true;
    }
  }

  #tellStatus(isIdle: boolean): void {
    const now = performance.now();
    if (!this.#mayRead || (!isIdle && now - this.#statusAt < STATUS_EVERY_MS)) return;
    this.#statusAt = now;
    this.#reply({ type: "status", status: this.#worker.status() });
  }
}

function toThrown(error: unknown): ThrownError {
  const code = isError(error) ? error.code : undefined;
  const details = isError(error) ? error.details : {};
  return { code, details, message: messageOf(error), stack: error instanceof Error ? fullStack(error) : undefined };
}

/** The error that a worker in another thread failed with. */
export function fromThrown({ code, details, message, stack }: ThrownError): Error {
  const error = code === undefined ? new Error(message) : new CountercheckError(code, details);
  if (stack !== undefined) error.stack = stack;
  return error;
}
