/**
 * Frees the memory of bytes that nobody looks at any more, where all of it is theirs, and leaves them empty. Left to the
 * collector it would make that go through the whole heap again and again, for V8 does so when much memory beside the heap has
 * come since the last time.
 */
export function letGo({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
