import { readFileSync } from "node:fs";
import { join } from "node:path";
import { raise } from "../../../base/errors.ts";
import type { DatabaseKind } from "../config.ts";

/** A connector's configuration as Connect's REST interface takes it: all values are text. */
export type ConnectorConfig = Readonly<Record<string, string>>;

const FILES: Readonly<Record<DatabaseKind, string>> = { mariadb: "mariadb", postgresql: "postgres" };

/** The configuration of a database's connector that ships with countercheck, its references to the environment in place. */
export function connectorTemplate(kind: DatabaseKind): ConnectorConfig {
  return JSON.parse(fileOf(kind, "json")) as ConnectorConfig;
}

/** The statements that a captured database of a kind needs: heartbeat and signal tables, publication, grants. */
export function captureStatements(kind: DatabaseKind): readonly string[] {
  const text = fileOf(kind, "sql").replace(/^--.*$/gm, "");
  return text.split(";\n").flatMap((statement) => statement.trim() || []);
}

/**
 * Fills `${env:NAME}` from an environment, for Connect workers that have no `config.providers` of their own. What comes
 * out holds secrets. CONFIG_SECRET_MISSING names what is not set.
 */
export function filledConfig(
  template: ConnectorConfig,
  environment: Readonly<Record<string, string | undefined>>,
): ConnectorConfig {
  const filled = Object.entries(template).map(([key, text]) => {
    const value = text.replace(/\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
      return environment[name] ?? raise("CONFIG_SECRET_MISSING", { name, place: `${key} of the connector` });
    });
    return [key, value] as const;
  });
  return Object.fromEntries(filled);
}

function fileOf(kind: DatabaseKind, extension: string): string {
  return readFileSync(join(import.meta.dirname, `${FILES[kind]}.${extension}`), "utf8");
}
