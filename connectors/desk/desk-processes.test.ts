import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Desk } from "./desk.ts";

const LETTERS = 120;
const deskUrl = new URL("desk.ts", import.meta.url).href;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countercheck-desk-"));
  path = join(folder, "desk.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("several processes at one desk", () => {
  it("make its file together, write and decide at once, and settle every letter exactly once", async () => {
    const [, first, second] = await Promise.all([inProcess(WRITER), inProcess(DECIDER), inProcess(DECIDER)]);
    expect(Number(first) + Number(second)).toBe(LETTERS);
    const desk = new Desk(path);
    const decisions = desk.decisions(0);
    expect(decisions.map((decision) => decision.seq)).toEqual(Array.from({ length: LETTERS }, (_, i) => i + 1));
    expect(new Set(decisions.map((decision) => decision.id)).size).toBe(LETTERS);
    expect(desk.deadLetters({ state: "open" })).toEqual([]);
    expect(desk.alerts({ limit: 1 })).toMatchObject([{ state: "open", updates: LETTERS - 1 }]);
    desk.close();
  }, 30_000);

  it("lets a job that polls see every decision, in order, while it is made", async () => {
    const desk = new Desk(path, { create: true });
    const working = Promise.all([inProcess(WRITER), inProcess(DECIDER), inProcess(DECIDER)]);
    const seen: number[] = [];
    const deadline = Date.now() + 25_000;
    while (seen.length < LETTERS && Date.now() < deadline) {
      seen.push(...desk.decisions(seen.at(-1) ?? 0).map((decision) => decision.seq));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await working;
    expect(seen).toEqual(Array.from({ length: LETTERS }, (_, i) => i + 1));
    desk.close();
  }, 30_000);

  it("find a whole transaction or none of it after one of them was killed", async () => {
    const desk = new Desk(path, { create: true });
    // The second step of a transaction is the end of its process.
    const killed = inProcess(`
      desk.recordAlerts([step(1)]);
      desk.recordAlerts([step(2), { get id() { process.kill(process.pid, "SIGKILL"); return "a"; } }]);
    `);
    await expect(killed).rejects.toThrow("SIGKILL");
    expect(desk.alerts({ limit: 1 })).toMatchObject([{ verdictVersion: 1, updates: 0 }]);
    desk.recordFaults([{ ...FAULT, id: "t/0/1", offset: 1, key: null, value: null }], 0);
    desk.close();
  }, 30_000);
});

const FAULT = { source: "s", table: "t", topic: "t", partition: 0, code: "AVRO_CORRUPT", message: "damaged" };

/** Records letters and the steps of one alert, as a runner would. */
const WRITER = `
  for (let offset = 0; offset < ${LETTERS}; offset++) {
    desk.recordFaults([{ ...${JSON.stringify(FAULT)}, id: "t/0/" + offset, offset, key: null, value: null }], Date.now());
    desk.recordAlerts([step(offset + 1)]);
  }`;

/** Settles whatever is open until all is settled; prints how many it settled itself. */
const DECIDER = `
  let mine = 0;
  while (desk.decisions(0).length < ${LETTERS}) {
    for (const { id } of desk.deadLetters({ state: "open" })) {
      try {
        desk.decide(id, "replayed", "", Date.now());
        mine++;
      } catch (error) {
        if (error.code !== "DEAD_LETTER_ALREADY_DECIDED") throw error;
      }
    }
  }
  console.log(mine);`;

/** Runs a script in a process of its own, with `desk` and `step` at hand; gives what it prints. */
function inProcess(script: string): Promise<string> {
  const whole = `
    import { Desk } from ${JSON.stringify(deskUrl)};
    const desk = new Desk(${JSON.stringify(path)}, { create: true });
    const step = (version) => ({ id: "a", action: version === 1 ? "opened" : "updated", check: "c", key: "1",
      class: "missing", currency: "EUR", period: "", atRisk: "1", verdictVersion: version, time: version, dueAt: null,
      lateByMs: null, repeats: 0, note: null });
    ${script}
    desk.close();`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", whole], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (data) => {
      out += data;
    });
    child.stderr.on("data", (data) => {
      err += data;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => (code === 0 ? resolve(out.trim()) : reject(new Error(signal ?? err))));
  });
}
