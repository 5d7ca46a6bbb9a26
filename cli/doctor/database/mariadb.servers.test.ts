import { type Connection, createConnection } from "mariadb";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Stack, startStack } from "../../../stack/stack.ts";
import { examineDatabase } from "./examine.ts";

let stack: Stack;
let admin: Connection;
let password: string;

/** A server of its own: what is set here would hold for everyone's connections. */
beforeAll(async () => {
  stack = await startStack({ services: ["mariadb"], ports: "free" });
  const { host, port } = stack.mariadb;
  // Of the server that is started here, and of the one in Docker.
  const connect = (candidate: string) => createConnection({ host, port, user: "root", password: candidate });
  password = await connect("").then(
    (connection) => connection.end().then(() => ""),
    () => "cdc",
  );
  admin = await connect(password);
  await admin.query("CREATE DATABASE doctor");
  await admin.query("CREATE TABLE doctor.payments (id INT PRIMARY KEY)");
});

afterAll(async () => {
  await admin?.end();
  await stack?.close();
});

async function codes(needsBefore = false): Promise<(string | undefined)[]> {
  const { host, port } = stack.mariadb;
  const tables = [
    { name: "doctor.payments", isHeartbeat: false, needsBefore },
    { name: "doctor.heartbeat", isHeartbeat: true, needsBefore: false },
  ];
  const request = { tables, connectorUser: "root" };
  const found = await examineDatabase(
    { name: "shop", kind: "mariadb" },
    `mariadb://root:${password}@${host}:${port}/`,
    request,
  );
  return found.map(({ code, remedy }) => {
    remedies.set(code ?? "ok", remedy ?? "");
    return code;
  });
}

const remedies = new Map<string, string>();

/** The statement of a remedy, which may say more behind it. */
const statementOf = (code: string) => remedies.get(code)!.split(";")[0]!;

it("sees what a server's settings lack, and that the statements which it names mend it", async () => {
  for (const [setting, bad] of Object.entries(BAD)) await admin.query(`SET GLOBAL ${setting} = ${bad}`);
  expect(await codes()).toEqual([
    "MARIADB_BINLOG_NOT_ROW",
    "MARIADB_ROW_IMAGE",
    "MARIADB_ROW_METADATA",
    "MARIADB_BINLOG_EXPIRES",
    "MARIADB_GTID_LOOSE",
    "MARIADB_TIME_ZONE",
    "DATABASE_HEARTBEAT_MISSING",
  ]);
  expect(await codes(true)).toContain("MARIADB_BEFORE_NOT_WHOLE");
  const named = [...remedies.keys()].filter((code) => code !== "MARIADB_TIME_ZONE");
  for (const code of named) await admin.query(statementOf(code));
  await admin.query("SET GLOBAL time_zone = '+00:00'");
  expect(await codes()).toEqual([undefined]);
});

const BAD = {
  binlog_format: "'MIXED'",
  binlog_row_image: "'MINIMAL'",
  binlog_row_metadata: "'NO_LOG'",
  binlog_expire_logs_seconds: "86400",
  gtid_strict_mode: "OFF",
  time_zone: "'+02:00'",
};
