import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemDisk } from "../../base/disk.ts";
import { seededRandom } from "../../base/random.ts";
import { readTopic } from "../../cli/output-topics.ts";
import { outputPaths } from "../../cli/outputs.ts";
import { Desk } from "../../connectors/desk/desk.ts";
import { type AlertRecord, decodeAlert } from "../../schemas/contracts.ts";
import { HookListener } from "../support/hook-listener.ts";
import { Shop, type Summary, Survivor, TIMEOUT } from "../survive/survivor.ts";

const SEED = process.env.COUNTERCHECK_SEED ?? String(Date.now());
const SECRET = "a-secret-that-no-output-shows";

let shop: Shop;
beforeAll(async () => {
  process.env.HOOK_SECRET = SECRET;
  shop = await Shop.lay(600);
}, TIMEOUT);
afterAll(() => shop[Symbol.dispose]());

describe("a webhook that is told of alerts by a run", { timeout: TIMEOUT }, () => {
  it.each([1, 2])(
    `that is killed while it sends misses no step (parallelism %i, seed ${SEED})`,
    async (parallelism) => {
      const random = seededRandom(SEED).fork(`${parallelism}`);
      await using hook = await HookListener.open();
      using run = new Survivor(shop);
      notifying(run, hook.url);
      let summary: Summary | undefined;
      for (let kills = 0; summary === undefined; kills++) {
        const attempt = run.start({ parallelism });
        // It dies when it has sent so many more, before or after it has its answer.
        let left = kills < 4 ? 1 + random.below(12) : Number.POSITIVE_INFINITY;
        const isAnswered = random.chance(0.5);
        hook.answer = () => {
          if (--left > 0) return random.chance(0.05) ? { status: 503 } : { status: 204 };
          attempt.signal("SIGKILL");
          return isAnswered ? { status: 204 } : "silence";
        };
        const { code, stdout, stderr } = await attempt.ended;
        expect(stderr).not.toContain(SECRET);
        if (code === 3) summary = JSON.parse(stdout);
        else expect({ code, stderr }, `after ${kills} kills`).toEqual({ code: null, stderr: "begun\n" });
      }
      const steps = await alertsOf(run);
      expect(steps.length).toBeGreaterThan(10);
      expect(sorted(firstTold(hook)), "each step is told, in the order of its alert").toEqual(sorted(byAlert(steps)));
      expect(states(run)).toEqual(["sent"]);
      for (const path of ["config.json", "out/desk.db"])
        expect(readFileSync(run.at(path), "latin1")).not.toContain(SECRET);
    },
  );
});

function notifying(run: Survivor, url: string): void {
  const config = JSON.parse(readFileSync(run.at("config.json"), "utf8"));
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how configuration refers to a secret
  const ops = { webhook: { url, secret: "${env:HOOK_SECRET}" }, storm: { moreThan: 100_000 } };
  writeFileSync(run.at("config.json"), JSON.stringify({ ...config, notify: { ops } }));
}

async function alertsOf(run: Survivor): Promise<AlertRecord[]> {
  const steps: AlertRecord[] = [];
  const log = outputPaths.log(run.at("out"));
  await readTopic(systemDisk, log, "alerts", 0, (encoded) => steps.push(decodeAlert(encoded)));
  return steps;
}

/** Steps by alert as they were told first; who is told again knows it by the idempotency key. */
function firstTold(hook: HookListener): Map<string, string[]> {
  const seen = new Set<unknown>();
  const steps = hook.calls.flatMap(({ headers, body }) => {
    const key = headers["idempotency-key"];
    if (seen.has(key)) return [];
    seen.add(key);
    const { alert: id, action, verdictVersion } = JSON.parse(body);
    return [{ id, action, verdictVersion }];
  });
  return byAlert(steps);
}

function byAlert(steps: readonly Pick<AlertRecord, "id" | "action" | "verdictVersion">[]): Map<string, string[]> {
  const alerts = Map.groupBy(steps, ({ id }) => id);
  return new Map([...alerts].map(([id, of]) => [id, of.map((step) => `${step.action} ${step.verdictVersion}`)]));
}

function sorted(map: ReadonlyMap<string, string[]>): [string, string[]][] {
  return [...map].sort(([left], [right]) => (left < right ? -1 : 1));
}

function states(run: Survivor): string[] {
  const desk = new Desk(outputPaths.desk(run.at("out")));
  const counts = desk.notifications.counts();
  desk.close();
  return Object.keys(counts);
}
