/**
 * Names of WAL segments and positions in WAL. A name is three groups of eight hex digits: timeline, log, segment; a log
 * is 4 GiB. Positions (LSN) are two hex numbers, "16/B374D848". PostgreSQL: xlog_internal.h.
 */
export interface Segment {
  timeline: number;
  /** Counted from the beginning of all WAL. */
  number: bigint;
}

const logBytes = 1n << 32n;

/** @param segmentBytes size of a segment, 16 MiB unless initdb was told otherwise */
export function parseSegment(name: string, segmentBytes: number): Segment {
  const [, timeline = "", log = "", segment = ""] = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/.exec(name) ?? [];
  if (timeline === "") throw new Error(`"${name}" is not the name of a WAL segment`);
  const number = BigInt(`0x${log}`) * (logBytes / BigInt(segmentBytes)) + BigInt(`0x${segment}`);
  return { timeline: Number.parseInt(timeline, 16), number };
}

export function segmentName({ timeline, number }: Segment, segmentBytes: number): string {
  const perLog = logBytes / BigInt(segmentBytes);
  return hex(timeline) + hex(number / perLog) + hex(number % perLog);
}

/** Eight upper-case hex digits, as in names of segments and history files. */
export function hex(value: number | bigint): string {
  return value.toString(16).toUpperCase().padStart(8, "0");
}

export function parseLsn(text: string): bigint {
  const [, high = "", low = ""] = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text) ?? [];
  if (high === "") throw new Error(`"${text}" is not a position in WAL`);
  return BigInt(`0x${high}`) * logBytes + BigInt(`0x${low}`);
}

/** Position of a segment's first byte. */
export function startOf(segment: Segment, segmentBytes: number): bigint {
  return segment.number * BigInt(segmentBytes);
}

/** Names of the segments among the files that `repo-ls --recurse` lists: "15-1/0000000100000000/<name>-<sha1>.zst". */
export function archivedSegments(files: string[]): string[] {
  return files.flatMap((file) => /(?:^|\/)([0-9A-F]{24})-[0-9a-f]{40}(?:\.\w+)?$/.exec(file)?.[1] ?? []);
}

export interface Continuity {
  /** Segments that are missing, as ranges for people: "000…05 to 000…07". */
  holes: string[];
  /** The newest segment; undefined when not even the first one is there. */
  newest: string | undefined;
  count: number;
}

/**
 * Follows the archive from a segment to its newest, over changes of the timeline, and lists what is missing.
 * @param from the segment in which a backup starts
 */
export function continuity(names: string[], from: string, segmentBytes: number): Continuity {
  const first = parseSegment(from, segmentBytes);
  const timelines = new Map<number, bigint[]>([[first.timeline, []]]);
  for (const name of names) {
    const { timeline, number } = parseSegment(name, segmentBytes);
    if (timeline < first.timeline || number < first.number) continue;
    timelines.set(timeline, [...(timelines.get(timeline) ?? []), number]);
  }
  const holes: string[] = [];
  let expected = first.number;
  let newest: Segment | undefined;
  let count = 0;
  for (const [timeline, unsorted] of [...timelines].sort(([a], [b]) => a - b)) {
    const numbers = [...new Set(unsorted)].sort((a, b) => (a < b ? -1 : 1));
    // A new timeline begins anywhere in the WAL of the one before it.
    if (numbers[0] !== undefined && numbers[0] < expected) expected = numbers[0];
    if (numbers.length === 0) holes.push(from);
    for (const number of numbers) {
      if (number > expected) holes.push(range(timeline, expected, number - 1n, segmentBytes));
      expected = number + 1n;
      newest = { timeline, number };
      count += 1;
    }
  }
  return { holes: [...new Set(holes)], newest: newest && segmentName(newest, segmentBytes), count };
}

function range(timeline: number, first: bigint, last: bigint, segmentBytes: number): string {
  const name = (number: bigint) => segmentName({ timeline, number }, segmentBytes);
  return first === last ? name(first) : `${name(first)} to ${name(last)}`;
}

/** The newest segment of the newest timeline. */
export function newestSegment(names: string[], segmentBytes: number): string | undefined {
  return names
    .toSorted((a, b) => {
      const [x, y] = [parseSegment(a, segmentBytes), parseSegment(b, segmentBytes)];
      if (x.timeline !== y.timeline) return x.timeline - y.timeline;
      return x.number < y.number ? -1 : 1;
    })
    .at(-1);
}
