import { readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { isError } from "../../base/errors.ts";
import { formatTime } from "../../base/time.ts";
import { FileLog } from "../../connectors/file/file-log.ts";
import type { SourceBinding } from "../config.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import { readTopic, type TopicContent } from "./topic.ts";

/** What was found of a source, and what its tables' topics hold. */
export interface SourceFindings {
  readonly findings: readonly Finding[];
  readonly topics: ReadonlyMap<string, TopicContent>;
}

/** Looks at a source's log, topics, end markers, writer and heartbeat. Reads all of its records. */
export function examineSource(source: SourceBinding): SourceFindings {
  const about = `source ${source.name}`;
  const topics = new Map<string, TopicContent>();
  const { input } = source;
  if (!("folder" in input)) return { findings: [], topics };
  try {
    const known = FileLog.topics(input.folder);
    const findings: Finding[] = [ok(about, `its log is at ${input.folder}`)];
    for (const [table, { topic }] of Object.entries(source.tables)) {
      const info = known.find((candidate) => candidate.topic === topic);
      if (info === undefined) {
        const names = known.map((candidate) => candidate.topic).join(", ") || "none";
        findings.push(
          problem(about, `table ${table}: there is no topic ${topic} in its log; known: ${names}. Correct the name.`),
        );
        continue;
      }
      const content = readTopic(input.folder, info);
      topics.set(table, content);
      findings.push(
        ok(about, `table ${table}: ${content.records} records in ${info.partitions} partitions of ${topic}`),
      );
    }
    return {
      findings: [
        ...findings,
        ...endFindings(about, input.folder, [...topics.values()]),
        heartbeatFinding(about, source),
      ],
      topics,
    };
  } catch (error) {
    if (!isError(error)) throw error;
    return { findings: [problem(about, error.message)], topics };
  }
}

function endFindings(about: string, folder: string, topics: readonly TopicContent[]): Finding[] {
  if (topics.length === 0) return [];
  const ends = topics.flatMap((topic) => topic.ends);
  const ended = ends.filter((end) => end !== null);
  if (ended.length === ends.length) return [ok(about, `the log is complete through ${formatTime(Math.min(...ended))}`)];
  if (ended.length > 0) {
    return [
      problem(
        about,
        "only some partitions have an end marker: the log's writer died while it ended it. Let it end the log again.",
      ),
    ];
  }
  const writer = writerOf(folder);
  if (writer !== undefined)
    return [ok(about, `the log is being written by process ${writer}; follow it with --follow`)];
  const says =
    "the log has no end markers and nobody writes it. A bounded run will fail; with --follow it waits, and the source's frontier stands still.";
  return [warning(about, says)];
}

/** The process that writes a log, as far as its lock says; only one on this machine can be known to live. */
function writerOf(dir: string): number | undefined {
  for (const file of readdirSync(dir).filter((name) => /^writer-.*\.lock$/.test(name))) {
    const { pid, host } = JSON.parse(readFileSync(join(dir, file), "utf8")) as { pid: number; host: string };
    if (host !== hostname() || isAlive(pid)) return pid;
  }
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function heartbeatFinding(about: string, { heartbeatTable, kind }: SourceBinding): Finding {
  if (heartbeatTable !== undefined) return ok(about, `heartbeat table ${heartbeatTable} is bound`);
  const says =
    "no heartbeat table is bound, so a table without changes proves nothing: verdicts wait for its next change, and with `staleAfter` they become unobservable. " +
    `Have the connector write one (heartbeat.action.query of Debezium for ${kind}), capture it, and bind it as \`heartbeat\`.`;
  return warning(about, says);
}
