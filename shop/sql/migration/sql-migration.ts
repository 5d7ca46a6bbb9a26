import { setTimeout as sleep } from "node:timers/promises";
import { type Random, seededRandom } from "../../../base/random.ts";
import { SqlAccount, type SqlAccountTables } from "./sql-account.ts";
import { type SqlKind, type SqlKindName, sqlKinds } from "./sql-kinds.ts";

/** What a run is told. */
export interface SqlMigrationOptions extends SqlAccountTables {
  readonly seed: number;
  /** The time in which accounts are opened, in ms; the last is through some 35 s later. */
  readonly openWithin: number;
}

/** What became of an account. */
export interface SqlAccountTruth {
  /** The account's id in canonical text. */
  readonly key: string;
  readonly kind: SqlKindName | "backfillForgot" | "backfilled" | "last";
  /** How the check must call it; null where it must stay silent. */
  readonly class: string | null;
  /** Whether a later change makes it right again. */
  readonly resolves: boolean;
}

const FIRST_ID = 40_001;
/** So that each kind meets several currencies. */
const TIMES = 2;

/** Accounts of both tables in real time, as SQL transactions. One seed gives the same accounts; their times are the clock's. */
export class SqlMigration {
  readonly #options: SqlMigrationOptions;
  readonly #random: Random;
  readonly #truth: SqlAccountTruth[] = [];
  #next = FIRST_ID;
  readonly #unfilled: SqlAccount[] = [];

  constructor(options: SqlMigrationOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  /** Fills the old table before the connectors take their snapshots: some accounts are in the new one already. */
  async seed(): Promise<void> {
    for (let i = 0; i < 6; i++) {
      const account = this.#account();
      await account.insertOld();
      if (i < 2) await account.insertNew();
      else if (i < 5) this.#unfilled.push(account);
      this.#tell(account, i < 5 ? "backfilled" : "backfillForgot", i < 5 ? null : { class: "missing-in-new" });
    }
  }

  /** Runs the traffic and, meanwhile, the back-fill; what is told last is due behind everything else. */
  async run(): Promise<readonly SqlAccountTruth[]> {
    const names = Object.keys(sqlKinds) as SqlKindName[];
    const all = Array.from({ length: TIMES }, () => names).flat();
    await Promise.all([this.#backfill(), ...all.map((name) => this.#play(name))]);
    const last = this.#account();
    await last.insertOld();
    this.#tell(last, "last", { class: "missing-in-new" });
    return this.#truth;
  }

  /** The account whose fault falls due last, once the traffic has run. */
  get lastKey(): string {
    return this.#truth.find(({ kind }) => kind === "last")!.key;
  }

  async #backfill(): Promise<void> {
    await sleep(this.#options.openWithin);
    for (const account of this.#unfilled) await account.insertNew();
  }

  async #play(name: SqlKindName): Promise<void> {
    const account = this.#account();
    const kind: SqlKind = sqlKinds[name];
    await sleep(account.random.below(this.#options.openWithin));
    await kind.play(account);
    this.#tell(account, name, kind.class === null ? null : { class: kind.class, resolves: kind.resolves === true });
  }

  #account(): SqlAccount {
    const id = this.#next++;
    return new SqlAccount(this.#options, this.#random.fork(`account/${id}`), id);
  }

  #tell(
    { id }: SqlAccount,
    kind: SqlAccountTruth["kind"],
    fault: { readonly class: string; readonly resolves?: boolean } | null,
  ): void {
    this.#truth.push({ key: String(id), kind, class: fault?.class ?? null, resolves: fault?.resolves ?? false });
  }
}
