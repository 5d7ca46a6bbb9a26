import { setTimeout as sleep } from "node:timers/promises";
import { raise } from "../base/errors.ts";
import type { Backend, ServiceStatus } from "./backend.ts";
import { isFree } from "./ports.ts";
import { killProcess, launch, logOf, memoryMbOf, readLog, runningPid, stopProcess, tailOf } from "./process.ts";
import type { Server, Site } from "./server.ts";
import { connect } from "./servers/connect.ts";
import { flink } from "./servers/flink.ts";
import { hbase } from "./servers/hbase.ts";
import { kafka } from "./servers/kafka.ts";
import { mariadb } from "./servers/mariadb.ts";
import { postgres } from "./servers/postgres.ts";
import { redis } from "./servers/redis.ts";
import { registry } from "./servers/registry.ts";
import { zookeeper } from "./servers/zookeeper.ts";
import { type ServiceName, services } from "./services.ts";

const servers: Readonly<Record<ServiceName, Server>> = {
  ...{ kafka, registry, connect, mariadb, postgres, hbase, redis, zookeeper },
  flink: flink("flink"),
  "flink-ha": flink("flink-ha"),
};

/** Runs the services as processes of this machine, from Maven Central's jars and Debian's packages. */
export class LocalBackend implements Backend {
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  async start(name: ServiceName): Promise<void> {
    const { folder, onProgress } = this.#site;
    const server = servers[name];
    const began = Date.now();
    if (server.processes.every((process) => runningPid(folder, process)) && (await this.#isReady(name))) {
      onProgress(`${name}: runs already`);
      return;
    }
    const launches = await server.prepare(this.#site);
    if (!server.processes.some((process) => runningPid(folder, process))) await this.#expectFreePorts(name);
    onProgress(`${name}: starting ${services[name].version} …`);
    for (const one of launches) {
      if (!runningPid(folder, one.name)) await launch(folder, one);
      await this.#untilReady(name, one.name);
    }
    onProgress(`${name}: ready after ${((Date.now() - began) / 1000).toFixed(1)} s on ${this.#portsOf(name)}`);
  }

  async stop(name: ServiceName): Promise<void> {
    const { folder, onProgress } = this.#site;
    const running = servers[name].processes.filter((process) => runningPid(folder, process));
    let killed = false;
    for (const process of servers[name].processes.toReversed())
      killed = (await stopProcess(folder, process, services[name].stopWithinS)) || killed;
    if (running.length > 0) onProgress(`${name}: ${killed ? "did not stop in time and was killed" : "stopped"}`);
  }

  async kill(name: ServiceName, member?: string): Promise<void> {
    const killed = member === undefined ? servers[name].processes : [member];
    await Promise.all(killed.map((process) => killProcess(this.#site.folder, process)));
  }

  async status(name: ServiceName): Promise<ServiceStatus> {
    const { folder, ports } = this.#site;
    const running = servers[name].processes.flatMap((process) => {
      const pid = runningPid(folder, process);
      return pid === undefined ? [] : [[process, pid] as const];
    });
    const pids = running.map(([, pid]) => pid);
    const ready = pids.length === servers[name].processes.length && (await this.#isReady(name));
    const memory = pids.map(memoryMbOf).filter((size) => size !== undefined);
    return {
      name,
      version: services[name].version,
      state: pids.length === 0 ? "stopped" : ready ? "ready" : "starting",
      ports: ports[name],
      pids,
      members: Object.fromEntries(running),
      memoryMb: memory.length > 0 ? memory.reduce((sum, size) => sum + size, 0) : undefined,
    };
  }

  async remove(): Promise<void> {
    // Everything is in the stack's folder.
  }

  async #isReady(name: ServiceName): Promise<boolean> {
    for (const process of servers[name].processes) if (!(await this.#answers(name, process))) return false;
    return true;
  }

  async #answers(name: ServiceName, process: string): Promise<boolean> {
    try {
      return await servers[name].isReady(this.#site, process);
    } catch {
      return false;
    }
  }

  async #untilReady(name: ServiceName, process: string): Promise<void> {
    const { folder } = this.#site;
    const { readyWithinS } = services[name];
    const deadline = Date.now() + readyWithinS * 1000;
    while (!(await this.#answers(name, process))) {
      const ended = !runningPid(folder, process);
      if (ended || Date.now() > deadline) {
        const log = logOf(folder, process);
        await this.kill(name);
        const reason = ended ? "it ended by itself" : `it did not answer within ${readyWithinS} s and was stopped`;
        raise("STACK_START_FAILED", { service: name, reason, log, tail: tailOf(readLog(log)) });
      }
      await sleep(100);
    }
  }

  async #expectFreePorts(name: ServiceName): Promise<void> {
    for (const port of Object.values(this.#site.ports[name]))
      if (!(await isFree(port))) raise("STACK_PORT_TAKEN", { service: name, port });
  }

  #portsOf(name: ServiceName): string {
    return Object.values(this.#site.ports[name]).join(", ");
  }
}
