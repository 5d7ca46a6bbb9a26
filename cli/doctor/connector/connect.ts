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
    const { state, trace, tasks } = await connect.status(name);
    const connector = { state, trace };
    return { findings: connectorFindings(source, { name, settings, connector, tasks }), settings };
  } catch (error) {
    if (!isError(error)) throw error;
    return { findings: [defect("CONNECT_UNREACHABLE", about, { reason: error.message })] };
  }
}
