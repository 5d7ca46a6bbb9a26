import { raise } from "../base/errors.ts";
import { whyUnreadable } from "./compatibility.ts";
import { type ContractName, contractSchemas } from "./contracts.ts";
import { type SchemaVersion, type SubjectRegistry, valueSubject } from "./registry.ts";

/** The topics that a job's results go to, without their prefix, and the contract of each. */
export const RESULT_TOPICS = {
  verdicts: "verdict",
  alerts: "alert",
  "dead-letters": "dead-letter",
  markers: "marker",
} as const satisfies Record<string, ContractName>;

export type ResultTopic = keyof typeof RESULT_TOPICS;

/** What every version of a contract promises: who reads with the newest one reads all that was ever written. */
export const CONTRACT_COMPATIBILITY = "BACKWARD_TRANSITIVE";

/** What became of a contract in the registry. */
export interface RegisteredContract {
  readonly topic: ResultTopic;
  readonly subject: string;
  readonly id: number;
  /** `first`: its subject was not known before. */
  readonly outcome: "first" | "next" | "there";
}

/**
 * Registers the contracts of all result topics, before anything is written to them, and has the registry hold later
 * versions to what contracts promise; gives the ids that their values are framed with, by topic without the prefix.
 * CONTRACT_INCOMPATIBLE before anything is registered where a version that is there could not be read any more; what the
 * registry rejects with.
 */
export async function registerContracts(
  registry: SubjectRegistry,
  prefix: string,
): Promise<Readonly<Record<ResultTopic, number>>> {
  const registered = await registerEach(registry, prefix);
  return Object.fromEntries(registered.map(({ topic, id }) => [topic, id])) as Record<ResultTopic, number>;
}

/** The same, with what was new. */
export async function registerEach(registry: SubjectRegistry, prefix: string): Promise<readonly RegisteredContract[]> {
  const planned = [];
  for (const topic of Object.keys(RESULT_TOPICS) as ResultTopic[]) {
    const subject = valueSubject(prefix + topic);
    const versions = await registry.versions(subject);
    requireReadable(subject, versions, topic);
    planned.push({ topic, subject, versions });
  }
  const registered: RegisteredContract[] = [];
  for (const { topic, subject, versions } of planned) {
    const schema = contractSchemas[RESULT_TOPICS[topic]];
    const isFirst = versions.length === 0;
    if (!isFirst) await registry.setCompatibility(subject, CONTRACT_COMPATIBILITY);
    const id = await registry.register(subject, schema);
    // Some registries keep no compatibility for a subject that has no version.
    if (isFirst) await registry.setCompatibility(subject, CONTRACT_COMPATIBILITY);
    const isThere = versions.some((version) => version.id === id);
    registered.push({ topic, subject, id, outcome: isFirst ? "first" : isThere ? "there" : "next" });
  }
  return registered;
}

/** What stands between a contract and the versions that are there: why it cannot read one of them. */
export function contractProblems(topic: ResultTopic, versions: readonly SchemaVersion[]): readonly string[] {
  const contract = contractSchemas[RESULT_TOPICS[topic]];
  return versions.flatMap(({ version, schema }) =>
    whyUnreadable(schema, contract, RESULT_TOPICS[topic]).map((reason) => `version ${version}: ${reason}`),
  );
}

function requireReadable(subject: string, versions: readonly SchemaVersion[], topic: ResultTopic): void {
  const problems = contractProblems(topic, versions);
  if (problems.length === 0) return;
  raise("CONTRACT_INCOMPATIBLE", { contract: RESULT_TOPICS[topic], subject, reasons: problems.join("; ") });
}
