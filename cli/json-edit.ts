import { assert } from "../base/errors.ts";

/**
 * JSON text with one more value at the end of the list at a path; a list that is missing is made as the first member of
 * its object. All other text stays as it is. The text must be valid JSON, and what lies on the path, objects.
 */
export function appendToList(json: string, path: readonly string[], value: string): string {
  const parent = path.slice(0, -1).reduce(
    (at, name) => {
      const found = memberOf(json, at, name);
      assert(found !== undefined, `the JSON has ${path.join(".")}`);
      return found;
    },
    skipBlanks(json, 0),
  );
  const list = memberOf(json, parent, path.at(-1)!);
  const text = JSON.stringify(value);
  if (list === undefined) return insertMember(json, parent, `${JSON.stringify(path.at(-1))}: [${text}]`);
  const end = endOfValue(json, list) - 1;
  const isEmpty = skipBlanks(json, list + 1) === end;
  const at = json.slice(0, end).trimEnd().length;
  return `${json.slice(0, at)}${isEmpty ? "" : ", "}${text}${json.slice(at)}`;
}

/** Puts a member in front of an object's others, with the white space that they have. */
function insertMember(json: string, object: number, member: string): string {
  const first = skipBlanks(json, object + 1);
  const blanks = json.slice(object + 1, first);
  return `${json.slice(0, object + 1)}${blanks}${member}${json[first] === "}" ? "" : ","}${blanks}${json.slice(first)}`;
}

/** Where the value of a member of the object at `at` begins; of members with one name the last counts, as in JSON.parse. */
function memberOf(json: string, at: number, name: string): number | undefined {
  assert(json[at] === "{", "the path leads through objects");
  let found: number | undefined;
  for (let next = skipBlanks(json, at + 1); json[next] !== "}"; ) {
    const nameEnd = endOfValue(json, next);
    const value = skipBlanks(json, skipBlanks(json, nameEnd) + 1);
    if (JSON.parse(json.slice(next, nameEnd)) === name) found = value;
    next = skipBlanks(json, endOfValue(json, value));
    if (json[next] === ",") next = skipBlanks(json, next + 1);
  }
  return found;
}

/** The position behind the value at `at`. */
function endOfValue(json: string, at: number): number {
  const text = /"(?:[^"\\]|\\.)*"/y;
  if (json[at] === '"') return matchEnd(text, json, at);
  if (json[at] !== "{" && json[at] !== "[") return matchEnd(/[^\s,\]}]+/y, json, at);
  let depth = 0;
  for (let i = at; ; i++) {
    if (json[i] === '"') i = matchEnd(text, json, i) - 1;
    else if (json[i] === "{" || json[i] === "[") depth++;
    else if ((json[i] === "}" || json[i] === "]") && --depth === 0) return i + 1;
  }
}

function matchEnd(pattern: RegExp, json: string, at: number): number {
  pattern.lastIndex = at;
  pattern.exec(json);
  assert(pattern.lastIndex > at, "the text is JSON");
  return pattern.lastIndex;
}

function skipBlanks(json: string, at: number): number {
  return at + /^\s*/.exec(json.slice(at))![0].length;
}
