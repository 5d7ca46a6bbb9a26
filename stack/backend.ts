import type { ServiceName } from "./services.ts";

/** How services are run: with Docker or without. Failures are raised as STACK_ errors. */
export interface Backend {
  /** Starts a service whose dependencies run, and waits until it is ready; nothing to do when it is. */
  start(name: ServiceName): Promise<void>;
  /** Stops it politely, by force when that takes too long; nothing to do when it does not run. */
  stop(name: ServiceName): Promise<void>;
  /** Kills it where it stands, or only one of its members. */
  kill(name: ServiceName, member?: string): Promise<void>;
  status(name: ServiceName): Promise<ServiceStatus>;
  /** Removes what is left outside of the stack's folder, once all are stopped. */
  remove(): Promise<void>;
}

/** What can be told of a service now. */
export interface ServiceStatus {
  readonly name: ServiceName;
  readonly version: string;
  readonly state: "ready" | "starting" | "stopped";
  readonly ports: Readonly<Record<string, number>>;
  readonly pids: readonly number[];
  /** The same by the names of its members; empty where it is in Docker. */
  readonly members: Readonly<Record<string, number>>;
  /** Resident memory in MiB; undefined when it is not known. */
  readonly memoryMb: number | undefined;
}
