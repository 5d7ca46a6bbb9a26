import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { seededRandom } from "../../base/random.ts";
import { systemClock } from "../../base/time.ts";
import type { Notice } from "../../connectors/desk/records.ts";
import type { OutboxRecord } from "../../runtime/outbox.ts";
import { SOURCE_TAG } from "../../runtime/outbox.ts";
import type { SnapshotRow } from "../../snapshots/snapshot-store.ts";
import { DEFAULT_PATIENCE, type Patience } from "../notify/backoff.ts";
import { openDirectSink } from "../notify/direct-sinks.ts";
import type { SinkConfig } from "../notify/notify-config.ts";
import { NOON } from "../outputs.test-helper.ts";
import { sinkNames } from "./child-spec.ts";
import { EvidenceDelivery } from "./evidence-delivery.ts";
import { NoticeDelivery } from "./notice-delivery.ts";
import { TaskResults, type TaskResultsOptions } from "./result-outlet.ts";

/** A record that Flink was given. */
export interface Sunk {
  readonly sink: string;
  readonly key: string | null;
  readonly value: Buffer;
  readonly time: number;
}

export const SINKS = sinkNames(["totals"]);
export const SPEC = {
  job: "settlement",
  epoch: 7,
  contracts: { verdicts: 11, alerts: 12, "dead-letters": 13, markers: 14 },
  sinks: SINKS,
  notify: [] as readonly SinkConfig[],
};

/** Results of a task, and what became of them. */
export function resultsOf(options: Partial<TaskResultsOptions> = {}) {
  const sunk: Sunk[] = [];
  const notes: string[] = [];
  const results = new TaskResults({
    spec: SPEC,
    output: {
      record: (sink, key, value, time) =>
        sunk.push({
          sink: SINKS[sink]!,
          key: key === null ? null : Buffer.from(key).toString(),
          value: Buffer.from(value),
          time,
        }),
    },
    checksOf: ({ models }) => (models.includes("Payment") ? ["check"] : []),
    note: (line) => notes.push(line),
    now: () => NOON,
    ...options,
  });
  const emit = (...records: readonly OutboxRecord[]) => {
    for (const each of records)
      if (each.kind === "emit") results.emit(each.output, each.record);
      else results.emit(SOURCE_TAG, each);
  };
  return { results, sunk, notes, emit };
}

/** A store that may be away. */
export class ToyStore {
  readonly rows: SnapshotRow[] = [];
  /** What a put throws, while it is set. */
  trouble: Error | undefined;

  async put(rows: readonly SnapshotRow[]): Promise<void> {
    if (this.trouble !== undefined) throw this.trouble;
    this.rows.push(...rows);
  }
}

/** Evidence on its way to a store. */
export function evidenceTo(store: ToyStore, onFailure: (error: unknown) => void = () => undefined): EvidenceDelivery {
  return new EvidenceDelivery({ store, clock: systemClock, onWaiting: () => undefined, onFailure });
}

/** A webhook of this machine. */
export const HOOK: SinkConfig = {
  name: "pager",
  about: "money",
  to: { kind: "webhook", url: "http://127.0.0.1:1", secret: "${" + "env:HOOK_SECRET}", allowHttp: true },
  timeoutMs: 2_000,
  giveUpAfterMs: 60_000,
  storm: { moreThan: 20, withinMs: 300_000 },
};

/** Notices on their way to a webhook at a port, whose secret is in the environment. */
export function noticesTo(
  port: number,
  note: (line: string) => void,
  patience: Partial<Patience> = {},
): NoticeDelivery {
  process.env.HOOK_SECRET = "hush";
  const to = { ...HOOK.to, url: `http://127.0.0.1:${port}` } as typeof HOOK.to & { kind: "webhook" };
  const sink = openDirectSink({ ...HOOK, to }, { file: "test" });
  const sinks = [{ name: HOOK.name, sink, patience: { ...DEFAULT_PATIENCE, firstWaitMs: 20, ...patience } }];
  return new NoticeDelivery({ job: "settlement", sinks, clock: systemClock, random: seededRandom("notices"), note });
}

/** What came to a web server, and which status each gets. */
export interface Hook extends AsyncDisposable {
  readonly port: number;
  readonly got: { readonly key: string; readonly body: { readonly alert: string; readonly action: string } }[];
  status: number;
}

/** A web server, on a port of its own or a known one. */
export async function openHook(port = 0): Promise<Hook> {
  const got: Hook["got"] = [];
  const hook = { status: 204 };
  const server: Server = createServer((request, response) => {
    void textOf(request).then((text) => {
      if (hook.status < 300) got.push({ key: String(request.headers["idempotency-key"]), body: JSON.parse(text) });
      response.writeHead(hook.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return Object.assign(hook, {
    port: (server.address() as AddressInfo).port,
    got,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** A notice of a step of an alert; with limits it may be of a storm. */
export function noticeOf(id: string, alert: string, action = "opened", storm: Notice["storm"] = null): Notice {
  const news = { about: "money", action, id: alert, job: "settlement", check: "check", key: alert };
  const more = {
    class: "missing",
    currency: "EUR",
    period: "",
    atRisk: "1.00",
    verdictVersion: 1,
    epoch: 7,
    time: NOON,
  };
  const body = JSON.stringify({ ...news, ...more, dueAt: null, lateByMs: null, note: null });
  return { id, sink: HOOK.name, alert, check: "check", action, verdictVersion: 1, storm, body };
}
