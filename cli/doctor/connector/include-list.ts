/** The settings of a connector, as Kafka Connect keeps them. */
export type Settings = Readonly<Record<string, string | undefined>>;

/** Why a table is not captured: the setting and what it says; undefined where it is captured or nobody can tell. */
export function exclusionOf(settings: Settings, qualified: string): { setting: string; list: string } | undefined {
  const outer = qualified.slice(0, qualified.lastIndexOf("."));
  const asked: readonly [setting: string, name: string, captured: boolean][] = [
    ["table.include.list", qualified, true],
    ["table.exclude.list", qualified, false],
    ["database.include.list", outer, true],
    ["database.exclude.list", outer, false],
    ["schema.include.list", outer, true],
    ["schema.exclude.list", outer, false],
  ];
  for (const [setting, name, captured] of asked) {
    const list = settings[setting];
    if (list !== undefined && list !== "" && matches(list, name) === !captured) return { setting, list };
  }
  return undefined;
}

/**
 * Whether a name is in a list of Debezium's: regular expressions that fit the whole name in any case, with commas between
 * them. Undefined where one of them cannot be read here, as some of Java's cannot, or holds a reference of Connect's.
 */
export function matches(list: string, name: string): boolean | undefined {
  if (isReference(list)) return undefined;
  try {
    return list
      .split(/(?<!\\),/)
      .map((pattern) => new RegExp(`^(?:${pattern.trim().replaceAll("\\,", ",")})$`, "i"))
      .some((pattern) => pattern.test(name));
  } catch {
    return undefined;
  }
}

/** Connect fills in `${env:NAME}` and the like where the connector runs; here nobody knows what it stands for. */
export function isReference(value: string): boolean {
  return value.includes("${");
}
