import type { Model } from "../../dataflow/model.ts";

/** The table with the rows of a model that are in a table of a source. */
export function rowTable(source: string, table: string, { name }: Model): string {
  return `rows/${source}/${table}/${name}`;
}

/** What people call a table of `rowTable`. */
export function nameOfRows(table: string): string {
  const [, source, name, model] = table.split("/");
  return `the rows of model ${model} from ${source}.${name}`;
}
