import { systemDisk } from "../base/disk.ts";
import { type Delivered, decodeVerdict, type VerdictRecord } from "../schemas/contracts.ts";
import { readTopic } from "./output-topics.ts";
import { outputPaths } from "./outputs.ts";
import { historyEntry, writeHistory } from "./recorder.ts";

/**
 * Writes all verdicts that a bounded run emitted, in however many attempts, sorted, as JSON lines: those of the log in its
 * output folder. FILE_NOT_WRITTEN, and what reading the log raises.
 */
export async function writeHistoryOf(output: string, path: string): Promise<void> {
  const history = new VerdictHistory();
  await readTopic(systemDisk, outputPaths.log(output), "verdicts", 0, (encoded) => history.add(decodeVerdict(encoded)));
  writeHistory(path, history.verdicts().map(historyEntry));
}

/**
 * What was said of each key, out of a log of verdicts in its order. A run that began from a savepoint says again what was
 * said behind it, with a higher epoch, and is right: from its first version on, what was said before does not count.
 */
class VerdictHistory {
  readonly #byName = new Map<string, (VerdictRecord & Delivered)[]>();

  add(verdict: VerdictRecord & Delivered): void {
    const { check, key, currency, period, version, epoch } = verdict;
    const name = JSON.stringify([check, key, currency, period]);
    const known = this.#byName.get(name);
    if (known === undefined) this.#byName.set(name, [verdict]);
    else {
      while (known.length > 0 && known.at(-1)!.epoch < epoch && known.at(-1)!.version >= version) known.pop();
      known.push(verdict);
    }
  }

  verdicts(): (VerdictRecord & Delivered)[] {
    return [...this.#byName.values()].flat();
  }
}
