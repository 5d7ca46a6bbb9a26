import type { decodeBlock } from "./decode-block.ts";

/**
 * `decode-block.ts`, compiled by AssemblyScript 0.28.20 (100 MB, which nobody needs who does not change it): `asc
 * decode-block.ts --outFile decode-block.wasm -O3 --runtime stub --importMemory --enable simd --noAssert`. It has no
 * state but the memory that it is given.
 */
const compiled = new WebAssembly.Module(
  Buffer.from(
    [
      "AGFzbQEAAAABCgFgBX9/f39/AX8CDwEDZW52Bm1lbW9yeQIAAAMCAQAHGAILZGVjb2RlQmxvY2sAAAZtZW1vcnkCAAraAwHXAwEFfwNAIAAg",
      "AUkEQCAAIgVBAWohACAFLQAAIghBBHYiB0EPRgRAQf8BIQUDQCAFQf8BRgRAIAAgAU8EQEEADwsgACIFQQFqIQAgByAFLQAAIgVqIQcMAQsL",
      "CyAHIAMgAmtLIAcgASAAa0tyBEBBAA8LIAAhBSAHIAIiBmohCQNAIAYgBf0ABAD9CwQAIAVBEGohBSAJIAZBEGoiBksNAAsgAiAHaiECIAAg",
      "B2oiACABRgRAIAIPCyABIABrQQJJBEBBAA8LIAAvAQAhByAAQQJqIQAgCEEPcSIGQQ9GBEBB/wEhBQNAIAVB/wFGBEAgACABTwRAQQAPCyAA",
      "IgVBAWohACAGIAUtAAAiBWohBgwBCwsLIAdFIAcgAiAEa0tyIAZBBGoiCCADIAJrS3IEQEEADwsgB0EQTwRAIAIgB2shBiAIIAIiBWohBwNA",
      "IAUgBv0ABAD9CwQAIAZBEGohBiAHIAVBEGoiBUsNAAsFIAggAiIFaiEJIAUgB2shBiAHQQhPBEADQCAFIAYpAwA3AwAgBkEIaiEGIAkgBUEI",
      "aiIFSw0ACwUDQCAGIgdBAWohBiAFIActAAA6AAAgCSAFQQFqIgVLDQALCwsgAiAIaiECDAELC0EACw==",
    ].join(""),
    "base64",
  ),
);

/** The function of `decode-block.ts` over a memory. */
export function blockDecoder(memory: WebAssembly.Memory): typeof decodeBlock {
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports.decodeBlock as typeof decodeBlock;
}
