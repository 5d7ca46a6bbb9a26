import { HOST } from "../ports.ts";
import { ask } from "../probes.ts";
import { folderOf, type Server } from "../server.ts";
import { tool } from "../tools.ts";

/** Redis with an append-only file. */
export const redis: Server = {
  processes: ["redis"],

  async prepare(site) {
    const folder = folderOf(site, "redis");
    const options = {
      bind: HOST,
      port: String(site.ports.redis.redis),
      dir: folder,
      appendonly: "yes",
      save: "",
      maxmemory: "64mb",
      daemonize: "no",
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    return [{ name: "redis", command: tool("redis-server"), args, cwd: folder }];
  },

  async isReady({ ports }) {
    return (await ask(ports.redis.redis!, "PING\r\n")).toString() === "+PONG\r\n";
  },
};
