import { svgText } from "../cli/profile/svg-text.ts";

/** A bar, and what is said beside it. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Small, below the name. */
  readonly note: string;
  /** Set off from the others. */
  readonly isOurs: boolean;
}

/**
 * Horizontal bars from zero on, each with its value, as an SVG that stands for itself: it takes the reader's light or dark
 * scheme, and texts are texts.
 */
export function barChart(chart: {
  readonly title: string;
  /** Under the title, a line each. */
  readonly subtitles: readonly string[];
  readonly bars: readonly Bar[];
}): string {
  const { title, subtitles, bars } = chart;
  const top = 44 + subtitles.length * LINE;
  const height = top + bars.length * ROW + MARGIN;
  const most = Math.max(...bars.map(({ value }) => value), 1e-9);
  const texts = [
    text(MARGIN, 30, "title", title),
    ...subtitles.map((subtitle, i) => text(MARGIN, 50 + i * LINE, "note", subtitle)),
  ];
  const rows = bars.map((bar, i) => rowOf(bar, top + i * ROW, most));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${svgText(title)}">
<style>${STYLE}</style>
<rect class="paper" width="${WIDTH}" height="${height}"/>
${[...texts, ...rows].join("\n")}
</svg>
`;
}

const WIDTH = 900;
const MARGIN = 20;
const LINE = 18;
const ROW = 46;
const BAR = 26;
/** Where bars begin, and the longest of them ends. */
const LEFT = 250;
const RIGHT = WIDTH - 110;

/** Colours that are told apart in both schemes, also by those who see no red. */
const STYLE = `
text{font-family:system-ui,sans-serif;fill:#1f2328}
.title{font-size:18px;font-weight:600}.name,.value{font-size:15px}.note{font-size:12px;fill:#57606a}
.paper{fill:#fff}.ours{fill:#0969da}.other{fill:#8c959f}
@media(prefers-color-scheme:dark){
text{fill:#e6edf3}.note{fill:#9198a1}.paper{fill:#0d1117}.ours{fill:#4493f8}.other{fill:#6e7681}}
`;

function rowOf({ name, value, note, isOurs }: Bar, top: number, most: number): string {
  const length = Number((((RIGHT - LEFT) * value) / most).toFixed(1));
  return [
    text(MARGIN, top + 15, "name", name),
    text(MARGIN, top + 31, "note", note),
    `<rect class="${isOurs ? "ours" : "other"}" x="${LEFT}" y="${top + 4}" width="${length}" height="${BAR}" rx="3"/>`,
    text(LEFT + length + 8, top + 22, "value", value.toLocaleString("en")),
  ].join("\n");
}

function text(x: number, y: number, name: string, content: string): string {
  return `<text class="${name}" x="${x}" y="${y}">${svgText(content)}</text>`;
}
