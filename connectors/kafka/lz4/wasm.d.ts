/** What `decode-block.ts` uses of AssemblyScript: loads from linear memory and stores to it. Addresses are bytes. */
declare type u32 = number;

declare const i32: {
  load8_u(address: u32): u32;
  load16_u(address: u32): u32;
  store8(address: u32, value: u32): void;
};

declare const i64: {
  load(address: u32): bigint;
  store(address: u32, value: bigint): void;
};

/** 16 bytes. */
declare const v128: {
  load(address: u32): Uint8Array;
  store(address: u32, value: Uint8Array): void;
};

/** What is used of WebAssembly, whose types are the browser's in TypeScript's library. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }

  class Memory {
    readonly buffer: ArrayBuffer;
    constructor(pages: { readonly initial: number });
    /** By so many pages of 64 kB; the buffer is another then, and the one before is detached. */
    grow(pages: number): number;
  }

  class Instance {
    readonly exports: Readonly<Record<string, unknown>>;
    constructor(module: Module, imports: { readonly env: { readonly memory: Memory } });
  }

  class RuntimeError extends Error {}
}
