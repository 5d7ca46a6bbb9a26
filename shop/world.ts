import { seconds } from "../base/time.ts";
import { CapturedTable, type TableSpec } from "./captured-table.ts";
import { Connector } from "./connector.ts";
import { MariaDb } from "./mariadb.ts";
import { Postgres } from "./postgres.ts";
import { Schedule } from "./schedule.ts";
import { Settlement } from "./settlement.ts";
import type { ShopSink } from "./sink.ts";
import {
  type HeartbeatRow,
  heartbeatTable,
  type LineRow,
  linesTable,
  type PaymentRow,
  paymentsTable,
  type RefundRow,
  refundsTable,
  riskScore,
} from "./tables.ts";
import { LAST_COMMIT_MS } from "./terms.ts";
import { TransactionLog } from "./transaction-log.ts";

/** Payments that one statement scores. */
const SCORED_AT_ONCE = 8;

/** The shop's two databases with their connectors, and the schedule of what will happen in them. */
export class World {
  readonly schedule = new Schedule(LAST_COMMIT_MS);
  readonly maria = new MariaDb();
  readonly postgres = new Postgres();
  readonly mariaConnector: Connector;
  readonly postgresConnector: Connector;
  readonly payments: CapturedTable<PaymentRow>;
  readonly refunds: CapturedTable<RefundRow>;
  readonly lines: CapturedTable<LineRow>;
  readonly settlement: Settlement;
  /** Captured payments that await their risk score. */
  readonly unscored: PaymentRow[] = [];
  readonly #sink: ShopSink;
  #transactions: { readonly maria: TransactionLog; readonly postgres: TransactionLog } | undefined;
  /** Tables of each database, heartbeats left out. */
  readonly #tables: { readonly maria: AnyTable[]; readonly postgres: AnyTable[] } = { maria: [], postgres: [] };
  readonly #heartbeats: readonly [CapturedTable<HeartbeatRow>, CapturedTable<HeartbeatRow>];
  readonly #beats: readonly [HeartbeatRow, HeartbeatRow] = [
    { id: 1, beat: 0 },
    { id: 1, beat: 0 },
  ];
  #isScored = false;
  #lastPayment = 5_000_000;
  #lastRefund = 70_000;

  constructor(sink: ShopSink) {
    this.#sink = sink;
    this.mariaConnector = new Connector(sink);
    this.postgresConnector = new Connector(sink);
    this.payments = this.open(paymentsTable, "maria");
    this.refunds = this.open(refundsTable, "maria");
    this.lines = this.open(linesTable, "postgres");
    this.#heartbeats = [
      new CapturedTable(heartbeatTable("maria.shop.heartbeat", true), this.maria, this.mariaConnector),
      new CapturedTable(heartbeatTable("pg.public.heartbeat", false), this.postgres, this.postgresConnector),
    ];
    this.settlement = new Settlement(this.schedule, this.postgres, this.lines);
  }

  /** Opens a table of a database, before `create`. */
  open<R extends object>(spec: TableSpec, database: "maria" | "postgres"): CapturedTable<R> {
    const connector = database === "maria" ? this.mariaConnector : this.postgresConnector;
    const table = new CapturedTable<R>(spec, this[database], connector);
    this.#tables[database].push(table);
    return table;
  }

  /** What is captured of each database, heartbeats left out. */
  get tables(): Readonly<Record<"maria" | "postgres", readonly TableSpec[]>> {
    const { maria, postgres } = this.#tables;
    return { maria: maria.map(({ spec }) => spec), postgres: postgres.map(({ spec }) => spec) };
  }

  /** Both connectors tell of transactions, once their snapshots are complete. Before `create`. */
  provideTransactions(): void {
    this.#transactions ??= {
      maria: new TransactionLog(this.maria.prefix, "shop.", this.mariaConnector),
      postgres: new TransactionLog(this.postgres.prefix, "public.", this.postgresConnector),
    };
  }

  get tellsTransactions(): boolean {
    return this.#transactions !== undefined;
  }

  /** Creates the topics and registers the schemas. */
  async create(): Promise<void> {
    const { maria, postgres } = this.#tables;
    const tables = [...maria, ...postgres, ...this.#heartbeats];
    for (const table of tables) await table.create(this.#sink);
    await this.#transactions?.maria.create(this.#sink);
    await this.#transactions?.postgres.create(this.#sink);
    for (const [i, table] of this.#heartbeats.entries()) table.insert(this.#beats[i]!, 0);
  }

  /** Auto-increment of the payments. */
  nextPayment(): number {
    return ++this.#lastPayment;
  }

  /** Auto-increment of the refunds. */
  nextRefund(): number {
    return ++this.#lastRefund;
  }

  /** The initial snapshots of both databases: one consistent read each, tables one after the other. */
  snapshot(timeMs: number): void {
    this.maria.begin(timeMs);
    this.maria.advance(0);
    snapshotAll([...this.#tables.maria, this.#heartbeats[0]]);
    this.postgres.begin(timeMs);
    this.postgres.advance();
    snapshotAll([...this.#tables.postgres, this.#heartbeats[1]]);
    this.mariaConnector.completeSnapshot();
    this.postgresConnector.completeSnapshot();
    this.maria.transactions = this.#transactions?.maria;
    this.postgres.transactions = this.#transactions?.postgres;
    this.#sink.flush();
  }

  /** Updates both heartbeat rows. Everything committed before is visible to readers first. */
  beat(timeMs: number): void {
    this.finish();
    this.#sink.flush();
    for (const [i, table] of this.#heartbeats.entries()) {
      const row = this.#beats[i]!;
      (i === 0 ? this.maria : this.postgres).begin(timeMs);
      table.update(row, { beat: row.beat + 1 }, timeMs);
    }
  }

  /** The transactions that are open have ended. */
  finish(): void {
    this.maria.finish();
    this.postgres.finish();
  }

  /** ALTER TABLE payments ADD COLUMN risk_score INT NULL. */
  async addRiskScore(): Promise<void> {
    await this.payments.addColumn(riskScore, this.#sink);
    this.#isScored = true;
  }

  /** Scores payments that were captured lately, several with one statement. Gives their number. */
  score(timeMs: number): number {
    const statementMs = timeMs - seconds(3);
    const rows = this.unscored.filter((row) => this.#isScored && row.captured_at! < statementMs - seconds(20));
    this.unscored.length = 0;
    rows.length = Math.min(rows.length, SCORED_AT_ONCE);
    if (rows.length === 0) return 0;
    this.maria.begin(timeMs);
    for (const [i, row] of rows.entries()) this.payments.update(row, { risk_score: row.id % 100 }, statementMs, i);
    return rows.length;
  }
}

type AnyTable = Pick<CapturedTable<object>, "spec" | "create" | "size" | "snapshot">;

/** Debezium's markers: the first row of all, the first and the last of a table, the last of all. */
function snapshotAll(tables: readonly AnyTable[]): void {
  tables.forEach((table, t) => {
    const last = table.size - 1;
    table.snapshot((i) => {
      if (i === last && t === tables.length - 1) return "last";
      if (i === 0 && t === 0) return "first";
      if (i === last) return "last_in_data_collection";
      return i === 0 ? "first_in_data_collection" : "true";
    });
  });
}
