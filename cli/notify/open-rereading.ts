import type { TruthReader } from "../../connectors/reread/truth-reader.ts";
import type { SourceBinding } from "../config.ts";
import { openRedis, type RedisConfig } from "../redis-config.ts";
import type { Question, RereadConfig } from "./reread-config.ts";
import { Rereading } from "./rereading.ts";
import { openTruthReader } from "./truth-readers.ts";

/** How a run confirms its alerts. */
export interface RereadRequest {
  readonly checks: readonly RereadConfig[];
  /** Where answers are kept for other processes too. */
  readonly redis: RedisConfig | undefined;
}

/**
 * What confirms the alerts of a run, which the caller closes; undefined where nothing is to be asked. Nothing is reached
 * for yet. `file` is the configuration, for errors. CONFIG_INVALID, CONFIG_SECRET_MISSING, CONFIG_SECRET_UNREADABLE.
 */
export function openRereading(
  { checks, redis }: RereadRequest,
  sources: readonly SourceBinding[],
  file: string,
): Rereading | undefined {
  if (checks.length === 0) return undefined;
  const readers = new Map<string, Map<string, TruthReader>>();
  for (const config of checks) {
    const questions = Object.entries(config.questions) as [string, Question][];
    const open = ([name, question]: [string, Question]) =>
      [name, openTruthReader(config, name, question, sources, file)] as const;
    readers.set(config.check, new Map(questions.map(open)));
  }
  const client = redis && openRedis(redis, file);
  return new Rereading({ checks, readers, redis: client, prefix: `${redis?.prefix ?? ""}truth:` });
}
