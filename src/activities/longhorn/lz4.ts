/** The frame format of LZ4 (version 1), in which Longhorn compresses the blocks of a backup. Reads only. */

const magic = 0x184d2204;

/** @throws Error where the data is cut, or is no frame of LZ4 */
export function readLz4(frame: Buffer): Buffer {
  if (frame.length < 7 || frame.readUInt32LE(0) !== magic) throw new Error("no frame of LZ4");
  const flags = frame[4]!;
  const [hasBlockChecksum, hasSize, hasChecksum, hasDictionary] = [0x10, 0x08, 0x04, 0x01].map(
    (bit) => (flags & bit) !== 0,
  );
  if (flags >> 6 !== 1 || hasDictionary) throw new Error("a frame of LZ4 of another version, or with a dictionary");
  let at = 6 + (hasSize ? 8 : 0) + 1;
  const output = growing();
  for (;;) {
    if (at + 4 > frame.length) throw new Error("the frame of LZ4 is cut");
    const word = frame.readUInt32LE(at);
    at += 4;
    if (word === 0) break;
    const length = word & 0x7fffffff;
    if (at + length > frame.length) throw new Error("the frame of LZ4 is cut");
    const block = frame.subarray(at, at + length);
    if (word >>> 31 === 1) output.add(block);
    else readBlock(block, output);
    at += length + (hasBlockChecksum ? 4 : 0);
  }
  if (at + (hasChecksum ? 4 : 0) > frame.length) throw new Error("the frame of LZ4 is cut");
  return output.all();
}

/** Bytes that are added one after the other, and looked back at. */
function growing() {
  let bytes = Buffer.allocUnsafe(4 * 1024 * 1024);
  let length = 0;
  const reserve = (more: number) => {
    if (length + more <= bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (length + more));
    bytes.copy(larger, 0, 0, length);
    bytes = larger;
  };
  return {
    add(more: Buffer): void {
      reserve(more.length);
      more.copy(bytes, length);
      length += more.length;
    },
    /** What was added so far back, once more; it may reach into what it adds. */
    repeat(back: number, count: number): void {
      if (back === 0 || back > length) throw new Error("the block of LZ4 refers to what is not there");
      reserve(count);
      if (back >= count) bytes.copy(bytes, length, length - back, length - back + count);
      else for (let n = length; n < length + count; n += 1) bytes[n] = bytes[n - back]!;
      length += count;
    },
    all: (): Buffer => bytes.subarray(0, length),
  };
}

/** Sequences of literals and of matches, the last one without a match. */
function readBlock(block: Buffer, output: ReturnType<typeof growing>): void {
  let at = 0;
  const take = () => {
    const byte = block[at];
    if (byte === undefined) throw new Error("the block of LZ4 is cut");
    at += 1;
    return byte;
  };
  const lengthFrom = (nibble: number) => {
    let length = nibble;
    if (nibble === 15) for (let byte = 255; byte === 255; length += byte) byte = take();
    return length;
  };
  while (at < block.length) {
    const token = take();
    const literals = lengthFrom(token >> 4);
    if (at + literals > block.length) throw new Error("the block of LZ4 is cut");
    output.add(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    const back = take() + 256 * take();
    output.repeat(back, lengthFrom(token & 15) + 4);
  }
}
