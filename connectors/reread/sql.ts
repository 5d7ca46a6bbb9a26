/** Texts, names and comments of SQL, in which nothing is a parameter; and parameters. */
const TOKEN = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\d+)/g;

/** A query with `?` in place of `$1`, `$2` …, and which value each of them takes, from 0. */
export function withQuestionMarks(query: string): { readonly sql: string; readonly places: readonly number[] } {
  const places: number[] = [];
  const sql = query.replace(TOKEN, (token, number?: string) => {
    if (number === undefined) return token;
    places.push(Number(number) - 1);
    return "?";
  });
  return { sql, places };
}

/** The highest `$n` of a query; 0 where it has none. */
export function parametersOf(query: string): number {
  return Math.max(0, ...withQuestionMarks(query).places.map((place) => place + 1));
}
