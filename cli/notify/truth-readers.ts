import { raise } from "../../base/errors.ts";
import { HttpReader } from "../../connectors/reread/http-reader.ts";
import { MariadbReader } from "../../connectors/reread/mariadb-reader.ts";
import { PostgresReader } from "../../connectors/reread/postgres-reader.ts";
import type { TruthReader } from "../../connectors/reread/truth-reader.ts";
import { isInTheClear } from "../clear-text.ts";
import type { SourceBinding } from "../config.ts";
import { SECRET_REFERENCE, secretOf } from "../secrets.ts";
import type { HttpQuestion, Question, RereadConfig } from "./reread-config.ts";

/** Connections for each question. */
const CONNECTIONS = 8;

/**
 * What a question of `reread` is asked with; nothing is reached for yet. `file` is the configuration, for errors.
 * CONFIG_INVALID, CONFIG_SECRET_MISSING, CONFIG_SECRET_UNREADABLE.
 */
export function openTruthReader(
  { check, timeoutMs }: RereadConfig,
  name: string,
  question: Question,
  sources: readonly SourceBinding[],
  file: string,
): TruthReader {
  const place = `reread.${check}.${name}`;
  if ("http" in question) return openHttp(question.http, timeoutMs, `${place}.http`, file);
  const { source: wanted, query } = question.sql;
  const source = sources.find((each) => each.name === wanted);
  const refuse = (problem: string) => raise("CONFIG_INVALID", { file, problems: `${place}.sql.source: ${problem}` });
  if (source === undefined) return refuse(`there is no source ${wanted}`);
  if (source.database === undefined) return refuse(`${wanted} has no \`database\``);
  const url = secretOf(source.database.url, `sources.${wanted}.database.url of ${file}`);
  if (!URL.canParse(url)) return refuse(`\`database.url\` of ${wanted} refers to no URL`);
  const options = { source: `${wanted} (${place})`, url, query, timeoutMs, connections: CONNECTIONS };
  return source.kind === "mariadb" ? new MariadbReader(options) : new PostgresReader(options);
}

function openHttp(question: HttpQuestion, timeoutMs: number, place: string, file: string): TruthReader {
  const known = (text: string, what: string) =>
    SECRET_REFERENCE.test(text) ? secretOf(text, `${place}.${what} of ${file}`) : text;
  const url = known(question.url, "url");
  const refuse = (problem: string) => raise("CONFIG_INVALID", { file, problems: `${place}.url: ${problem}` });
  if (!URL.canParse(url) || !/^https?:/.test(url)) return refuse("the secret is no URL that begins with https://");
  if (isInTheClear(url)) return refuse("everyone on the way could read it; expected https://");
  const headers = Object.fromEntries(
    Object.entries(question.headers).map(([header, value]) => [header, known(value, `headers.${header}`)]),
  );
  return new HttpReader({ source: place, method: question.method, url, headers, body: question.body, timeoutMs });
}
