import { displayKey, parseKey } from "../../base/key.ts";
import { parseDecimal } from "../../base/money.ts";
import type { FieldKind } from "../../dataflow/model.ts";

/** What `nullIs` looks like for fields of each kind. */
const EXAMPLES: Readonly<Record<FieldKind, string>> = {
  flag: "false",
  id: "0",
  instant: "1970-01-01T00:00:00.000Z",
  integer: "0",
  money: "0",
  number: "0",
  text: "",
};

/**
 * What null may be the same as, for an example, where a text is that of no value of the kind: values are compared by their
 * canonical texts, so null would be the same as nothing. Null where the text is right. `zone`: of times that are compared
 * as local clocks showed them.
 */
export function rightNullText(kind: FieldKind, text: string, zone: string | undefined): string | null {
  if (isCanonical(kind, text, zone)) return null;
  if (kind === "id") return displayKey(parseKey(text));
  return kind === "instant" ? shown(EXAMPLES.instant, zone) : EXAMPLES[kind];
}

function isCanonical(kind: FieldKind, text: string, zone: string | undefined): boolean {
  switch (kind) {
    case "flag":
      return text === "true" || text === "false";
    case "id":
      return displayKey(parseKey(text)) === text;
    case "instant":
      return isTime(text, zone);
    case "integer":
      return /^(?:0|-?[1-9]\d*)$/.test(text);
    case "money":
      return parseDecimal(text) !== null;
    case "number":
      return Number.isFinite(Number(text)) && String(Number(text)) === text;
    case "text":
      return true;
  }
}

function isTime(text: string, zone: string | undefined): boolean {
  const suffix = zone === undefined ? "Z" : ` ${zone}`;
  if (!text.endsWith(suffix)) return false;
  const time = Date.parse(`${text.slice(0, -suffix.length)}Z`);
  return Number.isFinite(time) && shown(new Date(time).toISOString(), zone) === text;
}

/** A time as both sides show it. */
function shown(iso: string, zone: string | undefined): string {
  return zone === undefined ? iso : `${iso.slice(0, -1)} ${zone}`;
}
