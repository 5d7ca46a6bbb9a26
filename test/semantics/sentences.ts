/** A sentence of the semantics, and the heading and matter that it stands under. */
export interface Sentence {
  readonly part: string;
  readonly matter: string;
  readonly text: string;
}

/**
 * The sentences of a page below its first heading of the second order: of each paragraph, list item and row of a table. A
 * sentence ends with a full stop in front of a space and a capital, a code, an emphasis or a sum.
 */
export function sentencesOf(page: string): Sentence[] {
  let part = "";
  const sentences: Sentence[] = [];
  for (const block of blocksOf(page)) {
    const heading = /^## (.*)$/.exec(block);
    if (heading) part = heading[1]!;
    else if (part !== "") for (const [matter, text] of textsOf(block)) sentences.push({ part, matter, text });
  }
  return sentences;
}

/** Headings, table rows, list items and paragraphs, each in one line. */
function blocksOf(page: string): string[] {
  const blocks: string[] = [];
  for (const line of page.split("\n")) {
    if (line.trim() === "") blocks.push("");
    else if (/^(#|\||- )/.test(line) || blocks.at(-1) === "" || blocks.length === 0) blocks.push(line);
    else blocks.push(`${blocks.pop()} ${line.trim()}`);
  }
  return blocks.filter((block) => block !== "");
}

function textsOf(block: string): [string, string][] {
  const row = /^\| ([^|]*) \| (.*) \|$/.exec(block);
  if (row?.[1] === "matter" || /^\|[-|]+\|$/.test(block)) return [];
  const [matter, text] = row ? [row[1]!, row[2]!] : ["", block.replace(/^- /, "")];
  return text.split(/(?<=[a-z)`*\]\d]\.) (?=[A-Z`*Σ])/).map((sentence) => [matter, sentence.trim()]);
}
