import type { Profiler } from "node:inspector";
import { pathToFileURL } from "node:url";
import { type Call, callTree } from "./call-tree.ts";
import { svgText } from "./svg-text.ts";

/**
 * A profile as a flame graph, an SVG that stands for itself: callers above what they call, as wide as their share of the time
 * that the thread was at work, of which hovering over one tells. What is too narrow to be seen is left out.
 */
export function flameGraph(title: string, profile: Profiler.Profile): string {
  const root = callTree(profile);
  const boxes: string[] = [];
  let depth = 0;
  const wait: Box[] = [{ call: root, x: 0, depth: 0 }];
  for (let box = wait.pop(); box !== undefined; box = wait.pop()) {
    boxes.push(drawn(box, root.us));
    depth = Math.max(depth, box.depth);
    let { x } = box;
    for (const call of box.call.calls) {
      if (widthOf(call, root.us) >= LEAST_WIDTH) wait.push({ call, x, depth: box.depth + 1 });
      x += widthOf(call, root.us);
    }
  }
  const height = TOP + (depth + 1) * ROW + MARGIN;
  const of = ((profile.endTime - profile.startTime) / 1e6).toFixed(1);
  const heading = `${title}: at work for ${(root.us / 1e6).toFixed(1)} s of ${of} s`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + 2 * MARGIN} ${height}">
<style>${STYLE}</style>
<rect class="paper" width="100%" height="100%"/>
<text class="title" x="${MARGIN}" y="24">${svgText(heading)}</text>
${boxes.join("\n")}
</svg>
`;
}

/** A call, and where it goes. */
interface Box {
  readonly call: Call;
  readonly x: number;
  readonly depth: number;
}

const WIDTH = 1_400;
const MARGIN = 10;
const TOP = 38;
const ROW = 17;
const LETTER = 6.4;
const LEAST_WIDTH = 1;

const STYLE = `
text{font:11px ui-monospace,monospace;fill:#1f2328}.title{font:600 15px system-ui,sans-serif}
.paper{fill:#fff}rect{stroke:#fff;stroke-width:.5}
.job{fill:#ffc078}.package{fill:#a5d8ff}.node{fill:#b2f2bb}.engine{fill:#dee2e6}
@media(prefers-color-scheme:dark){
.title{fill:#e6edf3}.paper{fill:#0d1117}rect{stroke:#0d1117}
.job{fill:#e8914c}.package{fill:#6ea8d8}.node{fill:#7fbf8a}.engine{fill:#8c959f}}
`;

function drawn({ call, x, depth }: Box, total: number): string {
  const width = widthOf(call, total);
  const [left, top] = [MARGIN + x, TOP + depth * ROW];
  const place = shortened(call.place);
  const share = `${(call.us / 1_000).toFixed(1)} ms, ${((100 * call.us) / Math.max(1, total)).toFixed(1)} %`;
  const title = `<title>${svgText(`${call.name} ${place}\n${share}`)}</title>`;
  const box = `<rect class="${kindOf(call)}" x="${left.toFixed(1)}" y="${top}" width="${width.toFixed(1)}" height="${ROW - 1}"/>`;
  return `<g>${title}${box}${labelOf(call, left + 3, top + 12, Math.floor((width - 4) / LETTER))}</g>`;
}

/** What there is room for: the function, and the file that tells it from others of its name. */
function labelOf({ name, place }: Call, x: number, y: number, letters: number): string {
  if (letters < 3) return "";
  const file = place.slice(place.lastIndexOf("/") + 1);
  const both = `${name} ${file}`;
  const label = both.length <= letters ? both : name.slice(0, letters);
  return `<text x="${x.toFixed(1)}" y="${y}">${svgText(label)}</text>`;
}

function widthOf({ us }: Call, total: number): number {
  return (WIDTH * us) / Math.max(1, total);
}

/** Whose code it is, by colour: that of the job and ours, a package's, Node's, or V8's. */
function kindOf({ place }: Call): string {
  if (place === "") return "engine";
  if (place.startsWith("node:")) return "node";
  return place.includes("/node_modules/") ? "package" : "job";
}

/** Files of here by their paths from here. */
function shortened(place: string): string {
  return place.replace(`${pathToFileURL(process.cwd())}/`, "");
}
