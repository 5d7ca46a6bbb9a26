import { isError } from "../../base/errors.ts";
import { parametersOf } from "../../connectors/reread/sql.ts";
import type { Graph } from "../../dataflow/graph.ts";
import type { Config } from "../config.ts";
import type { Question, RereadConfig } from "../notify/reread-config.ts";
import { openTruthReader } from "../notify/truth-readers.ts";
import { openRedis } from "../redis-config.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

/** Whether Redis can be used, and the questions of `reread` can be asked, of checks that there are. Only reads. */
export async function examineTruth(config: Config, graph: Graph | undefined): Promise<Finding[]> {
  const checks = await Promise.all(config.reread.map((reread) => examineCheck(reread, config, graph)));
  return [...(await examineRedis(config)), ...checks.flat()];
}

async function examineRedis({ redis: config, file }: Config): Promise<Finding[]> {
  if (config === undefined) return [];
  const found = await told("redis", async () => {
    const redis = openRedis(config, file);
    try {
      // What the locks and the cache need besides reading and writing.
      await redis.run("redis.call('TIME') return redis.call('INFO', 'server')", [], []);
      return ok("redis", `${redis.address} answers`);
    } finally {
      redis.close();
    }
  });
  return [found];
}

async function examineCheck(reread: RereadConfig, config: Config, graph: Graph | undefined): Promise<Finding[]> {
  const about = `reread.${reread.check}`;
  const uids = graph?.nodes.flatMap((node) => (node.type === "operator" ? [node.uid] : []));
  if (uids !== undefined && !uids.includes(reread.check))
    return [warning(about, `no check of ${graph!.name} is called so: its alerts would be told unconfirmed`)];
  const questions = Object.entries(reread.questions) as [string, Question][];
  return Promise.all(questions.map(([name, question]) => told(about, () => tried(reread, name, question, config))));
}

/** Asks about a key that nobody has; a service may mind that, a database does not. */
async function tried(reread: RereadConfig, name: string, question: Question, config: Config): Promise<Finding> {
  const about = `reread.${reread.check}`;
  const reader = openTruthReader(reread, name, question, config.sources, config.file);
  try {
    if ("http" in question) return ok(about, `${name} asks by HTTP, which was not tried`);
    const key = Array(parametersOf(question.sql.query)).fill("0").join("|");
    await reader.read(key, new AbortController().signal);
    return ok(about, `${name} can be asked of ${question.sql.source}`);
  } catch (error) {
    if (!isError(error, "REREAD_FAILED")) throw error;
    return warning(about, `${error.message} It was tried with the key 0.`);
  } finally {
    await reader.close();
  }
}

async function told(about: string, act: () => Promise<Finding>): Promise<Finding> {
  try {
    return await act();
  } catch (error) {
    if (!isError(error)) throw error;
    return problem(about, error.message);
  }
}
