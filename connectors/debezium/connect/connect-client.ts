import { setTimeout as sleep } from "node:timers/promises";
import { isError, raise } from "../../../base/errors.ts";
import { httpFailure } from "../../../base/http-failure.ts";
import type { ConnectorConfig } from "./connector-config.ts";

/** How to reach Kafka Connect's REST interface. */
export interface ConnectClientOptions {
  readonly url: string;
  /** For HTTP basic authentication. They appear in no error. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** How long one attempt may take; default 10 s. */
  readonly timeoutMs?: number;
  /** How long a request is tried again while no worker answers, or the group rebalances; default 30 s. */
  readonly patienceMs?: number;
}

/** What Connect says of a connector or a task. `STOPPED` has no tasks at all; `RESTARTING` and others pass. */
export type ConnectorState = "RUNNING" | "PAUSED" | "STOPPED" | "FAILED" | "UNASSIGNED" | "RESTARTING";

/** How a connector is doing. */
export interface ConnectorStatus {
  readonly state: ConnectorState;
  /** Why it failed, where it did. */
  readonly trace?: string;
  readonly tasks: readonly { readonly id: number; readonly state: ConnectorState; readonly trace?: string }[];
}

const RETRY_MS = 300;
const DEFAULT_WAIT_MS = 60_000;

/**
 * Kafka Connect's REST interface, as far as running a connector needs it. Every method rejects with CONNECT_UNAVAILABLE
 * where no answer comes in time, with CONNECT_REFUSED where Connect does not want what was asked, and with
 * CONNECTOR_UNKNOWN where there is no connector of that name. Nothing that a configuration holds is in an error, except
 * what Connect itself finds wrong with it, passwords hidden.
 */
export class ConnectClient {
  /** The address, for errors. */
  readonly name: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #patienceMs: number;
  readonly #secrets = new Set<string>();

  constructor({ url, credentials, timeoutMs = 10_000, patienceMs = 30_000 }: ConnectClientOptions) {
    const address = URL.canParse(url) ? new URL(url) : undefined;
    const hasLogin = address !== undefined && address.username + address.password !== "";
    if (address === undefined || !/^https?:$/.test(address.protocol) || hasLogin) {
      const reason = "its address must be an HTTP URL, without credentials in it";
      raise("CONNECT_REFUSED", { connect: address?.host ?? "that was configured", request: "the connection", reason });
    }
    this.name = address.href.replace(/\/+$/, "");
    this.#timeoutMs = timeoutMs;
    this.#patienceMs = patienceMs;
    const token = Buffer.from(`${credentials?.username}:${credentials?.password}`).toString("base64");
    this.#headers = {
      "content-type": "application/json",
      ...(credentials === undefined ? {} : { authorization: `Basic ${token}` }),
    };
    if (credentials !== undefined) this.#hide(token, credentials.password);
  }

  /** Names of all connectors. */
  async connectors(): Promise<readonly string[]> {
    return (await this.#request("GET", "/connectors")) as string[];
  }

  /** A connector's configuration as Connect keeps it: references are not filled, but what was put in plain is there. */
  async config(connector: string): Promise<ConnectorConfig> {
    return (await this.#request("GET", `${pathOf(connector)}/config`)) as ConnectorConfig;
  }

  /** Creates a connector, or gives it another configuration. */
  async put(connector: string, config: ConnectorConfig): Promise<void> {
    for (const [key, value] of Object.entries(config)) if (/password|secret|token/i.test(key)) this.#hide(value);
    await this.#request("PUT", `${pathOf(connector)}/config`, config);
  }

  async status(connector: string): Promise<ConnectorStatus> {
    const { connector: own, tasks } = (await this.#request("GET", `${pathOf(connector)}/status`)) as StatusAnswer;
    return { ...own, tasks };
  }

  /**
   * Waits until the connector and at least one task of it run, and all tasks do. CONNECTOR_FAILED, with the first line of
   * its trace; CONNECTOR_NOT_READY when it takes longer than `withinMs`.
   */
  async waitRunning(connector: string, withinMs = DEFAULT_WAIT_MS): Promise<void> {
    const isRunning = ({ state, tasks }: ConnectorStatus) =>
      state === "RUNNING" && tasks.length > 0 && tasks.every((task) => task.state === "RUNNING");
    await this.#waitUntil(connector, "run", isRunning, withinMs);
  }

  /** Stops a connector and ends its tasks; its offsets stay, and `resume` goes on from them. Waits for it. */
  async stop(connector: string, withinMs = DEFAULT_WAIT_MS): Promise<void> {
    await this.#request("PUT", `${pathOf(connector)}/stop`);
    const isStopped = ({ state, tasks }: ConnectorStatus) => state === "STOPPED" && tasks.length === 0;
    await this.#waitUntil(connector, "stop", isStopped, withinMs);
  }

  /** Lets a connector rest with its tasks in place. Waits for it. */
  async pause(connector: string, withinMs = DEFAULT_WAIT_MS): Promise<void> {
    await this.#request("PUT", `${pathOf(connector)}/pause`);
    const isPaused = ({ state, tasks }: ConnectorStatus) =>
      state === "PAUSED" && tasks.every((task) => task.state === "PAUSED");
    await this.#waitUntil(connector, "pause", isPaused, withinMs);
  }

  /** Lets a stopped or paused connector go on. Waits until it runs. */
  async resume(connector: string, withinMs = DEFAULT_WAIT_MS): Promise<void> {
    await this.#request("PUT", `${pathOf(connector)}/resume`);
    await this.waitRunning(connector, withinMs);
  }

  /** Starts a connector and all its tasks anew. */
  async restart(connector: string): Promise<void> {
    await this.#request("POST", `${pathOf(connector)}/restart?includeTasks=true`);
  }

  /** Removes a connector, if there is one. Its offsets, topics, slot and schema history stay. */
  async delete(connector: string): Promise<void> {
    try {
      await this.#request("DELETE", pathOf(connector));
    } catch (error) {
      if (!isError(error, "CONNECTOR_UNKNOWN")) throw error;
    }
  }

  async #waitUntil(
    connector: string,
    wanted: string,
    isSo: (status: ConnectorStatus) => boolean,
    withinMs: number,
  ): Promise<void> {
    const end = Date.now() + withinMs;
    for (;;) {
      const status = await this.#statusSoon(connector);
      if (status !== undefined) {
        if (isSo(status)) return;
        this.#requireWhole(connector, status);
      }
      if (Date.now() > end) {
        raise("CONNECTOR_NOT_READY", { connect: this.name, connector, wanted, withinMs, state: stateText(status) });
      }
      await sleep(RETRY_MS);
    }
  }

  /** Right after its creation a connector has no status yet. */
  async #statusSoon(connector: string): Promise<ConnectorStatus | undefined> {
    try {
      return await this.status(connector);
    } catch (error) {
      if (isError(error, "CONNECTOR_UNKNOWN")) return undefined;
      throw error;
    }
  }

  #requireWhole(connector: string, { state, trace, tasks }: ConnectorStatus): void {
    const failed = state === "FAILED" ? { trace } : tasks.find((task) => task.state === "FAILED");
    if (failed === undefined) return;
    const reason = this.#masked(causeOf(failed.trace ?? "it does not say why"));
    raise("CONNECTOR_FAILED", { connect: this.name, connector, reason });
  }

  async #request(method: string, path: string, body?: unknown): Promise<unknown> {
    const end = Date.now() + this.#patienceMs;
    for (;;) {
      try {
        return await this.#attempt(method, path, body);
      } catch (error) {
        if (!isError(error, "CONNECT_UNAVAILABLE") || Date.now() + RETRY_MS > end) throw error;
      }
      await sleep(RETRY_MS);
    }
  }

  async #attempt(method: string, path: string, body: unknown): Promise<unknown> {
    const request = `${method} ${path}`;
    const { status, text } = await this.#exchange(request, method, path, body);
    if (status === 404 && path.startsWith("/connectors/")) {
      raise("CONNECTOR_UNKNOWN", { connect: this.name, connector: decodeURIComponent(path.split("/")[2]!) });
    }
    // 409: the group of workers rebalances.
    if (status === 409 || status === 429 || status >= 500) {
      this.#unavailable(request, `it answered ${status} ${reasonOf(text)}`);
    }
    if (status >= 300) {
      const reason = this.#masked(`it answered ${status} ${reasonOf(text)}`);
      raise("CONNECT_REFUSED", { connect: this.name, request, reason });
    }
    return text === "" ? undefined : parsed(text);
  }

  async #exchange(
    request: string,
    method: string,
    path: string,
    body: unknown,
  ): Promise<{ status: number; text: string }> {
    try {
      const response = await fetch(this.name + path, {
        method,
        headers: this.#headers,
        signal: AbortSignal.timeout(this.#timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      return this.#unavailable(request, httpFailure(error));
    }
  }

  #unavailable(request: string, reason: string): never {
    raise("CONNECT_UNAVAILABLE", { connect: this.name, request, reason: this.#masked(reason) });
  }

  #hide(...secrets: readonly string[]): void {
    for (const secret of secrets) if (secret !== "" && !secret.startsWith("${")) this.#secrets.add(secret);
  }

  /** Connect may echo what it was sent. */
  #masked(text: string): string {
    return [...this.#secrets].reduce((masked, secret) => masked.replaceAll(secret, "***"), text);
  }
}

interface StatusAnswer {
  readonly connector: Omit<ConnectorStatus, "tasks">;
  readonly tasks: ConnectorStatus["tasks"];
}

function pathOf(connector: string): string {
  return `/connectors/${encodeURIComponent(connector)}`;
}

function reasonOf(text: string): string {
  const answer = parsed(text) as { message?: unknown } | undefined;
  return String(answer?.message ?? text).slice(0, 1_000);
}

/** The first line of a Java stack trace, and its last cause, which is mostly what happened. */
function causeOf(trace: string): string {
  const first = trace.split("\n", 1)[0]!;
  const last = /.*^Caused by: ([^\n]+)/ms.exec(trace)?.[1];
  return last === undefined ? first : `${first} (${last})`;
}

function stateText(status: ConnectorStatus | undefined): string {
  if (status === undefined) return "not known yet";
  return [status.state, ...status.tasks.map(({ id, state }) => `task ${id} ${state}`)].join(", ");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
