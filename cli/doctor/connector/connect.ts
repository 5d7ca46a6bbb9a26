import { isError } from "../../../base/errors.ts";
import { ConnectClient } from "../../../connectors/debezium/connect/connect-client.ts";
import { defect, type Finding } from "../finding.ts";
import type { Settings } from "./include-list.ts";
import { type CapturedSource, connectorFindings } from "./rules.ts";

const TIMEOUT_MS = 5_000;

/** What was found of a connector, and its settings where they could be read. */
export interface ExaminedConnector {
  readonly findings: readonly Finding[];
  readonly settings?: Settings;
}

/** Asks Kafka Connect for a source's connector; only reads. */
export async function examineConnector(
  source: CapturedSource,
  { url, name }: { readonly url: string; readonly name: string },
): Promise<ExaminedConnector> {
  const about = `connector ${name}`;
  try {
    const connect = new ConnectClient({ url, timeoutMs: TIMEOUT_MS, patienceMs: 0 });
    const known = await connect.connectors();
    if (!known.includes(name)) {
      const details = { url: connect.name, name, known: known.join(", ") || "none" };
      return { findings: [defect("CONNECTOR_MISSING", about, details)] };
    }
    const settings = await connect.config(name);
    const { state, trace, tasks: all } = await connect.status(name);
    const hidden = (text: string | undefined) => text && withoutSecretsOf(settings, text);
    const connector = { state, trace: hidden(trace) };
    const tasks = all.map((task) => ({ ...task, trace: hidden(task.trace) }));
    return { findings: connectorFindings(source, { name, settings, connector, tasks }), settings };
  } catch (error) {
    if (!isError(error)) throw error;
    return { findings: [defect("CONNECT_UNREACHABLE", about, { reason: error.message })] };
  }
}

/** A trace may quote what the connector was configured with, and not all of them refer to secrets as they should. */
function withoutSecretsOf(settings: Settings, text: string): string {
  const secrets = Object.entries(settings).filter(([name, value]) => IS_SECRET.test(name) && isPlain(value));
  return secrets.reduce((safe, [, value]) => safe.replaceAll(String(value), "***"), text);
}

const IS_SECRET = /password|secret|token|credential/i;

const isPlain = (value: unknown) => typeof value === "string" && value !== "" && !value.startsWith("${");
