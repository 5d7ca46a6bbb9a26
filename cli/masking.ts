import { createHmac } from "node:crypto";
import { raise } from "../base/errors.ts";
import { displayKey, type Key, keyParts } from "../base/key.ts";
import { type Graph, modelOf, modelsOf, type Node } from "../dataflow/graph.ts";
import { columnOf, type Model } from "../dataflow/model.ts";
import type { RecordFault } from "../dataflow/source.ts";
import { beforeName } from "../dataflow/writes.ts";
import type { Contribution, VerdictRecord } from "../schemas/contracts.ts";
import { secretOf } from "./secrets.ts";
import type { SortedOutbox } from "./sorted-outbox.ts";

/** Which fields nobody may see, and what makes the short digests that stand for their values. */
export interface MaskConfig {
  /** `Model.field`. */
  readonly fields: readonly string[];
  /** A reference to a secret; without one all values look alike. */
  readonly key?: string | undefined;
}

const HIDDEN = "•••";
/** Ends the message of a dead letter whose raw value is not kept. */
export const VALUE_MASKED = " Its raw value is not kept, since columns of its table are masked.";
/** Hex digits of a digest: enough to see that two values are the same. */
const DIGITS = 8;
/** A shorter value would be found in any text. */
const LEAST_FOUND = 3;

/**
 * Takes the values of some fields out of what leaves a job, wherever it goes: evidence, notes, dead letters. State and
 * checkpoints have them.
 */
export class Masking {
  /** Fields by `source.table`. */
  readonly #fields = new Map<string, Set<string>>();
  /** Names of fields and of their columns: what a note says from there on may be a value. */
  readonly #names: RegExp;
  readonly #key: string | undefined;

  /** `file` is the configuration, for errors. CONFIG_INVALID for what is no field, or a key; CONFIG_SECRET_MISSING. */
  constructor({ fields, key }: MaskConfig, graph: Graph, file: string) {
    this.#key = key === undefined ? undefined : secretOf(key, `mask.key of ${file}`);
    const names = fields.flatMap((path) => this.#add(path, graph, file));
    this.#names = new RegExp(`\\b(${names.join("|")})\\b.*`, "s");
  }

  /** The outbox without the values. */
  outbox(outbox: SortedOutbox): SortedOutbox {
    const found = new Map<string, Map<string, string>>();
    const verdicts = outbox.verdicts.map((verdict) => {
      const values = this.#valuesOf(verdict.contributions);
      found.set(nameOf(verdict), values);
      return this.#verdict(verdict, values);
    });
    const alerts = outbox.alerts.map((alert) => ({ ...alert, note: this.#note(alert.note, found.get(nameOf(alert))) }));
    // What a function of the job throws may tell what it was given.
    const all = new Map([...found.values()].flatMap((values) => [...values]));
    const engineAlerts = outbox.engineAlerts.map((one) => ({ ...one, message: this.#text(one.message, all) }));
    return { ...outbox, verdicts, alerts, engineAlerts, faults: outbox.faults.map((fault) => this.#fault(fault)) };
  }

  #add(path: string, graph: Graph, file: string): string[] {
    const [name, field] = path.split(".") as [string, string];
    const derived = graph.nodes.flatMap((node) => (node.type === "derive" ? [node.model] : []));
    const models = [...modelsOf(graph), ...derived].flatMap((model) => [
      model,
      ...(model.writes ? [model.writes.of] : []),
    ]);
    const known = models.filter((model) => model.name === name && Object.hasOwn(model.fields, field));
    const refuse = (says: string) => raise("CONFIG_INVALID", { file, problems: `mask: ${path} ${says}` });
    if (known.length === 0) {
      const all = models.find((model) => model.name === name);
      refuse(all === undefined ? `is of no model of ${graph.name}` : `is no field; ${name} has ${listed(all)}`);
    }
    if (isKey(graph, name, field)) refuse("is a key, by which verdicts are found; it cannot be masked");
    // What a write found is as little for all eyes as what it left.
    const isWritten = models.some((model) => model.writes?.of.name === name);
    const hidden = isWritten ? [field, beforeName(field)] : [field];
    for (const { source, table } of known.flatMap((model) => model.from)) {
      const fields = this.#fields.get(`${source}.${table}`) ?? [];
      this.#fields.set(`${source}.${table}`, new Set([...fields, ...hidden]));
    }
    return [...hidden, ...known.flatMap((model) => columnsOf(model, field))];
  }

  #verdict(verdict: VerdictRecord, values: ReadonlyMap<string, string>): VerdictRecord {
    const contributions = verdict.contributions.map((contribution) => this.#contribution(contribution, values));
    const [note, reason] = [this.#note(verdict.note, values), this.#note(verdict.reason ?? null, values)];
    return { ...verdict, contributions, note, reason };
  }

  #contribution(contribution: Contribution, values: ReadonlyMap<string, string>): Contribution {
    const { row, fields, source, table } = contribution;
    const hidden = this.#fields.get(`${source}.${table}`);
    if (hidden === undefined) return contribution;
    const shown = Object.entries(fields).map(([name, value]) => [name, hidden.has(name) ? this.#digest(value) : value]);
    return { ...contribution, row: hiddenIn(row, values), fields: Object.fromEntries(shown) };
  }

  /** The values that are to be hidden, with what stands for them. */
  #valuesOf(contributions: readonly Contribution[]): Map<string, string> {
    const values = new Map<string, string>();
    for (const { source, table, fields } of contributions)
      for (const name of this.#fields.get(`${source}.${table}`) ?? [])
        if (fields[name] !== undefined) values.set(fields[name], this.#digest(fields[name]));
    return values;
  }

  #note(note: string | null, values?: ReadonlyMap<string, string>): string | null {
    return note === null ? null : this.#text(note, values);
  }

  /** What is for people has no form: what follows the name of a masked field is left out. */
  #text(text: string, values: ReadonlyMap<string, string> = new Map()): string {
    const known = [...values].filter(([value]) => value.length >= LEAST_FOUND);
    const replaced = known.reduce((rest, [value, digest]) => rest.replaceAll(value, digest), text);
    return replaced.replace(THROWN, HIDDEN).replace(this.#names, (_, name) => `${name} ${HIDDEN}`);
  }

  #fault(fault: RecordFault): RecordFault {
    const hidden = this.#fields.get(`${fault.source}.${fault.table}`);
    if (hidden === undefined) return fault;
    const message = fault.message.replace(this.#names, (_, name) => `${name} ${HIDDEN}.`) + VALUE_MASKED;
    const { fields, ...rest } = fault;
    const readable = Object.entries(fields ?? {}).map(([model, values]) => {
      const shown = Object.entries(values).filter(([name]) => !hidden.has(name));
      return [model, Object.fromEntries(shown)];
    });
    return { ...rest, message, value: null, ...(fields === undefined ? {} : { fields: Object.fromEntries(readable) }) };
  }

  #digest(value: string): string {
    if (this.#key === undefined) return HIDDEN;
    return HIDDEN + createHmac("sha256", this.#key).update(value).digest("hex").slice(0, DIGITS);
  }
}

/** What a function of a job threw, in CHECK_FUNCTION_FAILED: it may be any value of the rows that it was given. */
const THROWN = /(?<=until it can say something: ).*(?=\. Mend the function)/s;

function nameOf({
  check,
  key,
  currency,
  period,
}: Pick<VerdictRecord, "check" | "key" | "currency" | "period">): string {
  return `${check}/${key}/${currency}/${period}`;
}

/** A row's primary key without the values. */
function hiddenIn(row: Key, values: ReadonlyMap<string, string>): Key {
  return keyParts(row)
    .map((part) => values.get(displayKey(part)) ?? values.get(part.replace(/^'/, "")) ?? part)
    .join("|");
}

function listed(model: Model): string {
  return Object.keys(model.fields).join(", ");
}

/** What a table may call a field. */
function columnsOf({ fields, from }: Model, field: string): string[] {
  const all = [fields, ...from.flatMap((table) => (table.fields === undefined ? [] : [table.fields]))];
  return all.flatMap((of) => (of[field] === undefined ? [] : [columnOf(field, of[field])])).map(quoted);
}

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Whether rows of a model are brought together by a field, alone or with others. */
function isKey(graph: Graph, name: string, field: string): boolean {
  const isOf = (node: Node) => CHANGES.has(node.type) && modelOf(node).name === name;
  return graph.nodes.some((node) => {
    if (node.type === "key") return isOf(node) && node.key.parts.some((part) => part.name === field);
    return node.type === "operator" && node.inputs.some((input, i) => isOf(input) && node.keys[i] === field);
  });
}

/** What rows of a model go through as such. */
const CHANGES: ReadonlySet<string> = new Set(["changes", "derive", "filter", "sample", "key"]);
