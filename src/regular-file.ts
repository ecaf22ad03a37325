import { constants } from "node:fs";
import { open } from "node:fs/promises";

/**
 * The text of a regular file. A pipe or a device is refused at once: to read one could wait for ever, and a few of these
 * waits stop all file access of the process. Throws as `readFile` does; the code says what it is.
 */
export async function readRegularFile(path: string): Promise<string> {
  // Without O_NONBLOCK it is the opening of a pipe that waits.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile() && !found.isDirectory())
      throw Object.assign(new Error(`${path} is not a regular file`), { code: "not a regular file" });
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
