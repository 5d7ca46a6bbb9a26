import { type ErrorDetails, messageOf, raise } from "../../base/errors.ts";
import { decodeCellSet, encodeCellSet } from "./cell-set.ts";
import { type RestAnswer, RestClient, type RestOptions, type RestRequest } from "./rest-client.ts";
import { type Cell, FAMILY } from "./row-value.ts";
import { schemaOf, type TableOptions } from "./table-schema.ts";

/** Which rows to read: from one on, up to another that is left out; upwards unless `reversed`. */
export interface RowRange {
  readonly start: string;
  readonly end: string;
  readonly limit: number;
  readonly column: string;
  readonly reversed?: true;
}

/**
 * The table of HBase that keeps evidence, over REST. Any method can throw SNAPSHOTS_UNAVAILABLE, SNAPSHOTS_TABLE_MISSING,
 * SNAPSHOTS_TABLE_UNFIT, SNAPSHOTS_REFUSED and SNAPSHOTS_ANSWER_INVALID.
 */
export class EvidenceTable {
  /** Where it is, for people. */
  readonly path: string;
  readonly #client: RestClient;
  readonly #table: string;
  readonly #url: string;

  constructor(table: string, options: RestOptions) {
    this.#client = new RestClient(options);
    this.#table = table;
    this.#url = `/${encodeURIComponent(table)}`;
    this.path = `${table} at ${this.#client.url}`;
  }

  /** Puts cells, of which no two have the same row and column; `cells` is asked when it is their turn. */
  async put(cells: () => readonly Cell[]): Promise<void> {
    // The rows are named in the body; the path must name one too.
    const body = { type: PROTOBUF, make: () => encodeCellSet(cells()) };
    await this.#answer({ method: "PUT", path: `${this.#url}/rows`, accept: "*/*", body });
  }

  /** The newest cells of rows in a range, in its order. */
  async scan({ start, end, limit, column, reversed }: RowRange): Promise<Cell[]> {
    const range = `startrow=${encodeURIComponent(start)}&endrow=${encodeURIComponent(end)}&limit=${limit}`;
    const path = `${this.#url}/*?${range}&column=${column}&maxversions=1${reversed ? "&reversed=true" : ""}`;
    const answer = await this.#answer({ method: "GET", path, accept: JSON_TYPE });
    return this.#decoded(answer, cellsOfJson);
  }

  /** The newest cells of those of some rows that there are, in any order. */
  async get(rows: readonly string[]): Promise<Cell[]> {
    const path = `${this.#url}/multiget?${rows.map((row) => `row=${rowInMultiget(row)}`).join("&")}`;
    const answer = await this.#answer({ method: "GET", path, accept: PROTOBUF });
    return answer.status === 404 ? [] : this.#decoded(answer, decodeCellSet);
  }

  /** Throws unless the table is there and fit for evidence. */
  async check(): Promise<void> {
    const answer = await this.#client.request(this.#schemaRequest());
    this.#requireFit(answer);
  }

  /** Makes the table, in one region; false where there is one that fits. */
  async create(options: TableOptions): Promise<boolean> {
    const there = await this.#client.request(this.#schemaRequest());
    if (there.status !== 404) {
      this.#requireFit(there);
      return false;
    }
    const body = { type: JSON_TYPE, make: () => Buffer.from(JSON.stringify(schemaOf(this.#table, options))) };
    const create: RestRequest = { method: "PUT", path: `${this.#url}/schema`, accept: "*/*", body };
    const { status, body: text } = await this.#client.request(create);
    if (status >= 300) this.#refused(status, text);
    return true;
  }

  close(): void {
    this.#client.close();
  }

  async #answer(request: RestRequest): Promise<RestAnswer> {
    const answer = await this.#client.request(request, () => this.#diagnose());
    if (answer.status < 300) return answer;
    if (answer.status === 404) {
      if (answer.body.includes(NO_ROWS)) return answer;
      await this.#diagnose();
    }
    return this.#refused(answer.status, answer.body);
  }

  /** A table that is not there makes some requests fail with 404, others with 500. */
  async #diagnose(): Promise<void> {
    const answer = await this.#client.once(this.#schemaRequest());
    if (answer !== undefined) this.#requireFit(answer);
  }

  #schemaRequest(): RestRequest {
    return { method: "GET", path: `${this.#url}/schema`, accept: JSON_TYPE };
  }

  #requireFit(answer: RestAnswer): void {
    if (answer.status === 404 && answer.body.includes("TableNotFoundException"))
      raise("SNAPSHOTS_TABLE_MISSING", this.#details());
    if (answer.status >= 300) this.#refused(answer.status, answer.body);
    const families = this.#decoded(answer, (body) => familiesOf(JSON.parse(body.toString())));
    if (!families.includes(FAMILY)) raise("SNAPSHOTS_TABLE_UNFIT", { ...this.#details(), family: FAMILY });
  }

  #refused(status: number, body: Buffer): never {
    const reason = body.toString("utf8", 0, 2_000).split("\n", 2).join(" ").trim().slice(0, 300);
    return raise("SNAPSHOTS_REFUSED", { ...this.#details(), status, reason });
  }

  #decoded<T>({ body }: RestAnswer, decode: (body: Buffer) => T): T {
    try {
      return decode(body);
    } catch (error) {
      return raise("SNAPSHOTS_ANSWER_INVALID", { ...this.#details(), reason: messageOf(error) }, { cause: error });
    }
  }

  #details(): ErrorDetails {
    return { table: this.#table, url: this.#client.url };
  }
}

/** A row key as the path of a multiget takes it: the server decodes it twice, and in between `/` and `,` are signs. */
export function rowInMultiget(row: string): string {
  return encodeURIComponent(encodeURIComponent(row));
}

const JSON_TYPE = "application/json";
const PROTOBUF = "application/x-protobuf";
const NO_ROWS = "No rows found";

/** A CellSet in JSON, where keys, columns and values are base64. */
interface JsonCellSet {
  readonly Row: readonly {
    readonly key: string;
    readonly Cell: readonly { readonly column: string; readonly timestamp: number; readonly $: string }[];
  }[];
}

function cellsOfJson(body: Buffer): Cell[] {
  const { Row: rows } = JSON.parse(body.toString("latin1")) as JsonCellSet;
  return rows.flatMap(({ key, Cell: cells }) => {
    const row = Buffer.from(key, "base64").toString();
    return cells.map(({ column, timestamp, $: value }) => ({
      row,
      column: Buffer.from(column, "base64").toString(),
      timestamp,
      value: Buffer.from(value, "base64"),
    }));
  });
}

function familiesOf(schema: { readonly ColumnSchema: readonly { readonly name: string }[] }): string[] {
  return schema.ColumnSchema.map(({ name }) => name);
}
