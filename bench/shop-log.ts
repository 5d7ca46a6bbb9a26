import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { idOf } from "../base/hash.ts";
import { writeShopLog } from "../cli/shop-log.ts";
import type { ShopTruth } from "../shop/truth.ts";

/** The seed of all figures, so that they are of the same events. */
const SEED = 7;

/** The shop's log in a folder, written once for each number of orders and state of the shop, with the truth about it. */
export async function shopLog(
  folder: string,
  orders: number,
): Promise<{ readonly log: string; readonly truth: ShopTruth }> {
  const log = join(folder, `log-${SEED}-${orders}-${shopVersion()}`);
  const truthFile = `${log}.truth.json`;
  if (existsSync(truthFile)) return { log, truth: JSON.parse(readFileSync(truthFile, "utf8")) as ShopTruth };
  rmSync(log, { recursive: true, force: true });
  const truth = await writeShopLog({ dir: log, seed: SEED, orders });
  writeFileSync(truthFile, JSON.stringify(truth));
  return { log, truth };
}

/** A shop that was changed writes another log. */
function shopVersion(): string {
  const folder = join(import.meta.dirname, "../shop");
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const files = all.filter((name) => name.endsWith(".ts") && !name.includes(".test"));
  return idOf(...files.map((name) => readFileSync(join(folder, name), "utf8"))).slice(0, 8);
}
