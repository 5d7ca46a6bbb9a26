import { readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { isError } from "../../base/errors.ts";
import { formatTime } from "../../base/time.ts";
import { FileLog } from "../../connectors/file/file-log.ts";
import type { SourceBinding } from "../config.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { SourceFindings } from "./source.ts";
import { readTopic, type TopicContent } from "./topic.ts";

/** Looks at a source's log, topics, end markers and writer. Reads all of its records. */
export function examineFileSource(source: SourceBinding, folder: string): SourceFindings {
  const about = `source ${source.name}`;
  const topics = new Map<string, TopicContent>();
  try {
    const known = FileLog.topics(folder);
    const findings: Finding[] = [ok(about, `its log is at ${folder}`)];
    for (const [table, { topic }] of Object.entries(source.tables)) {
      const info = known.find((candidate) => candidate.topic === topic);
      if (info === undefined) {
        const names = known.map((candidate) => candidate.topic).join(", ") || "none";
        findings.push(
          problem(about, `table ${table}: there is no topic ${topic} in its log; known: ${names}. Correct the name.`),
        );
        continue;
      }
      const content = readTopic(folder, info);
      topics.set(table, content);
      findings.push(
        ok(about, `table ${table}: ${content.records} records in ${info.partitions} partitions of ${topic}`),
      );
    }
    return { findings: [...findings, ...endFindings(about, folder, [...topics.values()])], topics };
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
