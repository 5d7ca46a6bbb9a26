const UNITS = { KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const;

/** Reads `64KB`, `512MB`, `2GB`, in bytes; undefined for any other text. */
export function parseSize(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})(KB|MB|GB)$/.exec(text) ?? [];
  return unit === undefined ? undefined : Number(count) * UNITS[unit as keyof typeof UNITS];
}
