import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createConnection } from "mariadb";
import { runToEnd } from "../one-shot.ts";
import { HOST } from "../ports.ts";
import { databaseFolder, type Server } from "../server.ts";
import { tool } from "../tools.ts";

/** The grants are what Debezium asks for, and all on the database. */
const SETUP = `CREATE DATABASE IF NOT EXISTS shop;
CREATE USER IF NOT EXISTS cdc@'${HOST}' IDENTIFIED BY 'cdc';
GRANT ALL ON *.* TO cdc@'${HOST}' WITH GRANT OPTION;
`;

/** MariaDB as Debezium wants it: rows in the binary log, whole and with their columns' names. */
export const mariadb: Server = {
  processes: ["mariadb"],

  async prepare(site) {
    const folder = databaseFolder(site, "mariadb");
    const data = join(folder, "data");
    const account = site.databaseAccount;
    if (!existsSync(join(folder, "installed"))) {
      rmSync(data, { recursive: true, force: true });
      const install = [`--datadir=${data}`, "--auth-root-authentication-method=normal", "--skip-test-db"];
      await runToEnd("mariadb", site.folder, tool("mariadb-install-db"), ["--no-defaults", ...install], {
        account,
        cwd: folder,
      });
      writeFileSync(join(folder, "setup.sql"), SETUP);
      writeFileSync(join(folder, "installed"), "");
    }
    const args = [
      // What is in /etc is for the system's own server.
      "--no-defaults",
      `--datadir=${data}`,
      // Relative to the data: a socket's path may not be longer than 107 bytes.
      "--socket=m.sock",
      "--pid-file=m.pid",
      `--port=${site.ports.mariadb.sql}`,
      `--bind-address=${HOST}`,
      // The grants are to an address.
      "--skip-name-resolve",
      "--server-id=1",
      "--log-bin=mysql-bin",
      "--binlog-format=ROW",
      "--binlog-row-image=FULL",
      "--binlog-row-metadata=FULL",
      "--innodb-buffer-pool-size=64M",
      "--innodb-log-file-size=16M",
      "--key-buffer-size=8M",
      "--performance-schema=OFF",
      "--character-set-server=utf8mb4",
      "--default-time-zone=+00:00",
      `--init-file=${join(folder, "setup.sql")}`,
    ];
    return [{ name: "mariadb", command: tool("mariadbd"), args, cwd: folder, account }];
  },

  async isReady({ ports }) {
    const login = { user: "cdc", password: "cdc", database: "shop", connectTimeout: 5_000 };
    const connection = await createConnection({ host: HOST, port: ports.mariadb.sql!, ...login });
    await connection.query("select 1").finally(() => connection.end());
    return true;
  },
};
