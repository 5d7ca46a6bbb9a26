import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { runToEnd } from "../one-shot.ts";
import { HOST } from "../ports.ts";
import { runningPid } from "../process.ts";
import { databaseFolder, type Server } from "../server.ts";
import { tool } from "../tools.ts";

/** A statement a line, as PostgreSQL's single-user mode reads them. */
const SETUP = `alter role postgres password 'cdc'
create role cdc login replication superuser password 'cdc'
create database shop owner cdc
`;

/** PostgreSQL as Debezium wants it. */
export const postgres: Server = {
  processes: ["postgres"],

  async prepare(site) {
    const folder = databaseFolder(site, "postgres");
    const data = join(folder, "data");
    const account = site.databaseAccount;
    if (!existsSync(join(folder, "installed"))) {
      rmSync(data, { recursive: true, force: true });
      const locale = ["--encoding=UTF8", "--no-locale"];
      // Trust until the passwords are set; who may log in is written behind that.
      const initdb = ["--pgdata", data, "--username=postgres", "--auth=trust", "--no-sync", ...locale];
      await runToEnd("postgres", site.folder, tool("initdb"), initdb, { account, cwd: folder });
      await runToEnd("postgres", site.folder, tool("postgres"), ["--single", "-D", data, "postgres"], {
        account,
        cwd: folder,
        input: SETUP,
      });
      writeFileSync(
        join(data, "pg_hba.conf"),
        `host all all ${HOST}/32 scram-sha-256\nhost replication all ${HOST}/32 scram-sha-256\n`,
      );
      writeFileSync(join(folder, "installed"), "");
    }
    // It looks for a process of the number that it wrote there last, and takes any for a server that still runs.
    if (!runningPid(site.folder, "postgres")) rmSync(join(data, "postmaster.pid"), { force: true });
    const settings = {
      listen_addresses: HOST,
      port: site.ports.postgres.sql,
      unix_socket_directories: "",
      wal_level: "logical",
      max_wal_senders: 8,
      max_replication_slots: 8,
      shared_buffers: "64MB",
      timezone: "UTC",
    };
    const args = ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
    // SIGINT ends sessions; SIGTERM would wait until their clients do.
    return [{ name: "postgres", command: tool("postgres"), args, cwd: folder, account, stopSignal: "SIGINT" }];
  },

  async isReady({ ports }) {
    const client = new Client({
      host: HOST,
      port: ports.postgres.sql!,
      user: "cdc",
      password: "cdc",
      database: "shop",
      connectionTimeoutMillis: 5_000,
    });
    await client.connect();
    await client.query("select 1").finally(() => client.end());
    return true;
  },
};
