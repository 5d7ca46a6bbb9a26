import { messageOf } from "../../../base/errors.ts";
import type { DatabaseKind } from "../../../connectors/debezium/config.ts";
import { defect, type Finding, ok } from "../finding.ts";
import type { DatabaseRequest } from "./facts.ts";
import { askMariadb } from "./mariadb.ts";
import { mariadbFindings } from "./mariadb-rules.ts";
import { askPostgres } from "./postgres.ts";
import { postgresFindings } from "./postgres-rules.ts";

/** Looks at a source's database; `url` is `mariadb://user:password@host:port/` or `postgres://…/database`. Only reads. */
export async function examineDatabase(
  source: { readonly name: string; readonly kind: DatabaseKind },
  url: string,
  request: DatabaseRequest,
): Promise<Finding[]> {
  const about = `database of ${source.name}`;
  const address = URL.parse(url);
  // The text is a secret: nothing of it is shown.
  if (address === null)
    return [defect("DATABASE_UNREACHABLE", about, { host: "`database.url`", reason: "it is no URL" })];
  const { host } = address;
  const password = decoded(address.password);
  if (password === undefined || decoded(address.username) === undefined) {
    const reason = "a % in its user or password is no escape; write it as %25 in `database.url`";
    return [defect("DATABASE_UNREACHABLE", about, { host, reason })];
  }
  try {
    const found =
      source.kind === "mariadb"
        ? mariadbFindings(about, await askMariadb(address, request))
        : postgresFindings(about, await askPostgres(address, request));
    const isWell = found.every(({ level }) => level === "note");
    return isWell ? [ok(about, `${host} has what a connector needs`), ...found] : found;
  } catch (error) {
    const reason = without(messageOf(error), [password, address.password]);
    return [defect("DATABASE_UNREACHABLE", about, { host, reason })];
  }
}

/** What a part of an address stands for; undefined where its escapes are none. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** Drivers do not show the password; this holds them to it. */
function without(message: string, secrets: readonly string[]): string {
  return secrets.reduce((safe, secret) => (secret === "" ? safe : safe.replaceAll(secret, "***")), message);
}
