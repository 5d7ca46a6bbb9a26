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
  try {
    const found =
      source.kind === "mariadb"
        ? mariadbFindings(about, await askMariadb(address, request))
        : postgresFindings(about, await askPostgres(address, request));
    const isWell = found.every(({ level }) => level === "note");
    return isWell ? [ok(about, `${host} has what a connector needs`), ...found] : found;
  } catch (error) {
    return [defect("DATABASE_UNREACHABLE", about, { host, reason: withoutPassword(messageOf(error), address) })];
  }
}

/** Drivers do not show the password; this holds them to it. */
function withoutPassword(message: string, { password }: URL): string {
  if (password === "") return message;
  return message.replaceAll(decodeURIComponent(password), "***").replaceAll(password, "***");
}
