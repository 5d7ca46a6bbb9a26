import type { SqliteFile } from "../../base/sqlite-file.ts";
import type { Count, DeliveryId, EngineAlert } from "./records.ts";

/** Deliveries whose additions can still be taken back: one that is taken back is the newest, or next to it. */
const KEPT = 2;

/**
 * What was delivered last, so that it is delivered once. Counts and repeats of engine alerts are added, and adding twice
 * is not adding once: with each delivery is kept what it added, until two more have come.
 */
export class DeliveryBook {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** The caller's transaction makes it true together with what is delivered. False where it is there already. */
  note({ job, epoch, attempt, checkpoint }: DeliveryId, added: Added): boolean {
    this.#file.run(DELIVERIES);
    const values = [job, epoch, attempt, checkpoint, JSON.stringify(added)];
    const isNew = this.#file.run(
      "INSERT OR IGNORE INTO deliveries (job, epoch, attempt, checkpoint, added) VALUES (?, ?, ?, ?, ?)",
      values,
    );
    if (isNew === 0) return false;
    this.#file.run("DELETE FROM deliveries WHERE seq <= (SELECT max(seq) FROM deliveries) - ?", [KEPT]);
    return true;
  }

  /** Forgets the deliveries behind one, and gives what they had added. */
  takeBehind({ job, epoch, attempt, checkpoint }: DeliveryId): Added[] {
    this.#file.run(DELIVERIES);
    const behind = "job = ? AND (epoch, attempt, checkpoint) > (?, ?, ?)";
    const values = [job, epoch, attempt, checkpoint];
    const taken = this.#file.all<{ added: string }>(`SELECT added FROM deliveries WHERE ${behind}`, values);
    this.#file.run(`DELETE FROM deliveries WHERE ${behind}`, values);
    return taken.map(({ added }) => JSON.parse(added) as Added);
  }

  /** Forgets all, where a job numbers its checkpoints anew. */
  clear(): void {
    this.#file.run(DELIVERIES);
    this.#file.run("DELETE FROM deliveries");
  }
}

/** What a delivery added to what was there. */
export interface Added {
  readonly counts: readonly Count[];
  readonly engineAlerts: readonly Pick<EngineAlert, "id">[];
}

/** Made when it is first needed: desks from before there was this table stay in use. */
const DELIVERIES = `CREATE TABLE IF NOT EXISTS deliveries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, epoch INTEGER NOT NULL, attempt INTEGER NOT NULL,
  checkpoint INTEGER NOT NULL, added TEXT NOT NULL, UNIQUE (job, epoch, attempt, checkpoint)
) STRICT`;
