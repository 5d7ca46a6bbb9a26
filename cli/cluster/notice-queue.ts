import type { Notice, SentAttempt, WaitingNotice } from "../../connectors/desk/records.ts";

interface Entry {
  readonly notice: Notice;
  readonly queuedAt: number;
  nextAt: number;
  attempts: number;
  note: string | null;
}

/** Notices that are on their way, in memory; in the order in which they were laid down. */
export class NoticeQueue {
  /** By id. */
  readonly #entries = new Map<string, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  /** False, and nothing changes, for one that waits already. */
  add(notice: Notice, queuedAt: number): boolean {
    if (this.#entries.has(notice.id)) return false;
    this.#entries.set(notice.id, { notice, queuedAt, nextAt: queuedAt, attempts: 0, note: null });
    return true;
  }

  /** Takes one back that was not tried, with all behind it that are of the same alert for the same sink; none if it was. */
  takeBack(id: string): Notice[] {
    const first = this.#entries.get(id);
    if (first === undefined || first.attempts > 0) return [];
    const { sink, alert } = first.notice;
    const taken: Notice[] = [];
    let isBehind = false;
    for (const { notice } of this.#entries.values()) {
      isBehind ||= notice.id === id;
      if (isBehind && notice.sink === sink && notice.alert === alert) taken.push(notice);
    }
    for (const notice of taken) this.#entries.delete(notice.id);
    return taken;
  }

  /** Those of a sink whose turn it is, in order: of each alert the first that waits. */
  due(sink: string, at: number, limit: number): WaitingNotice[] {
    const due: WaitingNotice[] = [];
    const alerts = new Set<string>();
    for (const { notice, queuedAt, nextAt, attempts, note } of this.#entries.values()) {
      if (due.length === limit) break;
      if (notice.sink !== sink || alerts.has(notice.alert)) continue;
      alerts.add(notice.alert);
      if (nextAt <= at) due.push({ ...notice, queuedAt, attempts, note });
    }
    return due;
  }

  /** What became of one; it is given back where it waits no more. */
  settle({ id, state, note, nextAt, isAttempt }: SentAttempt): Notice | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    if (state !== "waiting") {
      this.#entries.delete(id);
      return entry.notice;
    }
    entry.nextAt = nextAt;
    entry.note = note;
    if (isAttempt) entry.attempts++;
    return undefined;
  }

  /** Those that wait, with when they were laid down. */
  *waiting(): Generator<{ readonly notice: Notice; readonly at: number }> {
    for (const { notice, queuedAt: at } of this.#entries.values()) yield { notice, at };
  }
}
