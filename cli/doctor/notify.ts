import { connect } from "node:net";
import { isError, messageOf } from "../../base/errors.ts";
import type { Graph } from "../../dataflow/graph.ts";
import type { Config } from "../config.ts";
import { addressOf } from "../notify/direct-sinks.ts";
import type { SinkConfig } from "../notify/notify-config.ts";
import { openSink } from "../notify/sinks.ts";
import { defect, type Finding, ok, problem, warning } from "./finding.ts";

const TIMEOUT_MS = 5_000;

/**
 * Looks whether those who are told of alerts can be reached, and told of checks that the job has. Nothing is sent; a topic
 * is looked at with the brokers.
 */
export async function examineNotify({ notify, file }: Config, graph?: Graph): Promise<Finding[]> {
  const reached = await Promise.all(notify.map((sink) => examineSink(sink, file)));
  return [...reached, ...(graph === undefined ? [] : notify.flatMap((sink) => unknownChecks(sink, graph)))];
}

function unknownChecks({ name, checks = [] }: SinkConfig, graph: Graph): Finding[] {
  const uids = graph.nodes.flatMap((node) => (node.type === "operator" ? [node.uid] : []));
  const unknown = checks.filter((check) => !uids.includes(check));
  const known = uids.join(", ");
  return unknown.map((check) =>
    warning(
      `notify ${name}`,
      `no check of ${graph.name} is called ${check}: nobody is told of it; its checks: ${known}`,
    ),
  );
}

async function examineSink(sink: SinkConfig, file: string): Promise<Finding> {
  const about = `notify ${sink.name}`;
  try {
    await openSink(sink, file).close();
    const { to } = sink;
    if (to.kind === "kafka") return ok(about, `alerts are told to the topic ${to.topic}`);
    const at = to.kind === "email" ? to : serverOf(addressOf(to, `notify.${sink.name}.${to.kind}`, file));
    const reason = await whyUnreachable(at.host, at.port);
    const where = `${at.host}:${at.port}`;
    if (reason !== undefined) return defect("NOTIFY_UNREACHABLE", about, { where, reason });
    return ok(about, `${where} answers`);
  } catch (error) {
    if (!isError(error)) throw error;
    return problem(about, error.message);
  }
}

/** The rest of an address may be a secret. */
function serverOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol === "https:" ? 443 : 80;
  return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? usual : Number(port) };
}

function whyUnreachable(host: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect({ host, port, timeout: TIMEOUT_MS });
  socket.once("connect", () => resolve(undefined));
  socket.once("timeout", () => resolve(`no answer within ${TIMEOUT_MS} ms`));
  socket.once("error", (error) => resolve(messageOf(error) || String((error as NodeJS.ErrnoException).code)));
  return promise.finally(() => socket.destroy());
}
