import { Arena, RecordFlags } from "../../state/arena.ts";
import { keyGroupOf } from "../../state/key-groups.ts";
import { StoreTable } from "../../state/store-table.ts";

/** What is in a page behind its end: neither an address nor a length that is right anywhere. */
const SCRIBBLE = 0xdb;

/** What was found so far, until it is disposed of. */
export interface CheckedArenas extends Disposable {
  /** Records that were compared with what the table has. */
  readonly compared: number;
}

/**
 * Until it is disposed of: an arena whose page is cleared fails where a record in it differs from what the table has, as one
 * does that was changed and not said to be; and it scribbles over the page, so that nobody goes on with what was there.
 */
export function checkArenas(): CheckedArenas {
  const { clear, append } = Arena.prototype;
  const { find, putNew } = StoreTable.prototype;
  const tables = new WeakMap<Uint8Array, StoreTable>();
  let found: StoreTable | undefined;
  let compared = 0;
  StoreTable.prototype.find = function (...args) {
    found = this;
    return find.apply(this, args);
  };
  // Records come into an arena from its table, or go to it by their first way out.
  Arena.prototype.append = function (...args) {
    if ((args[5] & RecordFlags.stored) !== 0) tables.set(this.bytes, found!);
    return append.apply(this, args);
  };
  StoreTable.prototype.putNew = function (...args) {
    tables.set(args[1], this);
    return putNew.apply(this, args);
  };
  Arena.prototype.clear = function (page) {
    for (let address = this.lastOf(page); address >= 0; address = this.before(address)) {
      if ((this.flagsAt(address) & RecordFlags.dead) !== 0) continue;
      requireSame(this, address, tables.get(this.bytes)!);
      compared++;
    }
    const pageBytes = this.bytes.length / (this.pages + 1);
    this.bytes.fill(SCRIBBLE, page * pageBytes, (page + 1) * pageBytes);
    clear.call(this, page);
  };
  return {
    get compared() {
      return compared;
    },
    [Symbol.dispose]() {
      Object.assign(Arena.prototype, { clear, append });
      Object.assign(StoreTable.prototype, { find, putNew });
    },
  };
}

function requireSame(arena: Arena, address: number, table: StoreTable): void {
  const hash = arena.hashAt(address);
  const isThere = table.find(keyGroupOf(hash), arena.bytes, arena.keyStart(address), arena.keyEnd(address), hash);
  const body = arena.bytes.subarray(address, address + arena.lengthAt(address));
  if (isThere && table.buffer.subarray(table.start, table.end).equals(body)) return;
  throw new Error(`${JSON.stringify(arena.keyAt(address))} was changed, and nobody said so`);
}
