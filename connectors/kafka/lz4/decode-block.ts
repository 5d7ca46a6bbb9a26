/**
 * Decompresses one block of LZ4 (the format's "Block Format") from `from .. fromEnd` of the memory to `to .. toEnd`; gives
 * where its output ends, or 0 where it is no block that fits. Matches go back to `floor` at most. What is copied is
 * rounded up to 16 bytes, so that as many behind either range are read and overwritten.
 *
 * This file is AssemblyScript, and TypeScript at the same time. `decode-block-wasm.ts` is compiled from it; its test runs
 * both.
 */
export function decodeBlock(from: u32, fromEnd: u32, to: u32, toEnd: u32, floor: u32): u32 {
  while (from < fromEnd) {
    const token: u32 = i32.load8_u(from++);
    let literals: u32 = token >> 4;
    if (literals === LONG) {
      let more: u32 = 255;
      while (more === 255) {
        if (from >= fromEnd) return 0;
        more = i32.load8_u(from++);
        literals += more;
      }
    }
    if (literals > fromEnd - from || literals > toEnd - to) return 0;
    copy(from, to, literals);
    from += literals;
    to += literals;
    // A block ends with literals.
    if (from === fromEnd) return to;
    if (fromEnd - from < 2) return 0;
    const distance: u32 = i32.load16_u(from);
    from += 2;
    let match: u32 = token & LONG;
    if (match === LONG) {
      let more: u32 = 255;
      while (more === 255) {
        if (from >= fromEnd) return 0;
        more = i32.load8_u(from++);
        match += more;
      }
    }
    match += LEAST_MATCH;
    if (distance === 0 || distance > to - floor || match > toEnd - to) return 0;
    if (distance >= 16) copy(to - distance, to, match);
    else repeat(to, distance, match);
    to += match;
  }
  return 0;
}

/** A length of four bits that goes on in the bytes that follow. */
const LONG: u32 = 15;
const LEAST_MATCH: u32 = 4;

/** Copies at least `length` bytes, and at least 16, between ranges that are 16 bytes apart. */
function copy(from: u32, to: u32, length: u32): void {
  const end: u32 = to + length;
  do {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
  } while (to < end);
}

/** Goes on with the `distance` bytes before `to`, which are fewer than 16. */
function repeat(to: u32, distance: u32, length: u32): void {
  const end: u32 = to + length;
  let from: u32 = to - distance;
  if (distance >= 8) {
    do {
      i64.store(to, i64.load(from));
      from += 8;
      to += 8;
    } while (to < end);
  } else {
    do i32.store8(to++, i32.load8_u(from++));
    while (to < end);
  }
}
