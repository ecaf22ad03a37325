import chalk from "chalk";

/** Text that fits into columns. Works on plain text: paint after fitting. */

/** Cuts to one line of `width` columns, with "…" where something is missing. */
export function cut(text: string, width: number): string {
  const line = text.replaceAll(/[\t\n]+/g, " ");
  if (line.length <= width) return line;
  return width < 1 ? "" : `${line.slice(0, width - 1)}…`;
}

/** Left and right part of one line; the left one gives way. */
export function spread(left: string, right: string, width: number): { left: string; right: string } {
  if (right === "") return { left: cut(left, width), right };
  const shown = cut(right, width);
  const room = Math.max(0, width - shown.length - 2);
  return { left: cut(left, room).padEnd(width - shown.length), right: shown };
}

/** Breaks at spaces into at most `most` lines of `width` columns. */
export function wrap(text: string, width: number, most: number): string[] {
  const lines: string[] = [];
  let rest = text.replaceAll(/\s+/g, " ").trim();
  while (rest.length > width && lines.length < most - 1) {
    const space = rest.lastIndexOf(" ", width);
    const at = space > 0 ? space : width;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return [...lines, cut(rest, width)];
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

export function spinner(frame: number): string {
  return chalk.cyan(frames[frame % frames.length]!);
}
