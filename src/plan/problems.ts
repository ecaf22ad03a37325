import type * as z from "zod";
import { type Complaint, pathText } from "./complaint.ts";
import { explain } from "./explain.ts";
import { visiblePath } from "./secret-text.ts";
import { readYaml, type YamlText } from "./yaml-text.ts";
import { zodMessage } from "./zod-message.ts";

/** One thing that is wrong in a file. `line` and `column` count from 1; `path` is empty for the whole file. */
export interface Problem {
  file: string;
  line: number;
  column: number;
  path: string;
  /** What is wrong: lower case, no full stop. Never repeats what may be a secret. */
  message: string;
  hint: string;
}

export type Checked<T> = { value: T; problems: [] } | { value: null; problems: Problem[] };

/**
 * Reads YAML and checks it; all problems at once, in the order of the file.
 * @param rules what a schema cannot say, asked once the value fits the schema
 */
export function checkText<T>(
  text: string,
  file: string,
  schema: z.ZodType<T>,
  rules: (value: T) => Complaint[] = () => [],
): Checked<T> {
  const yaml = readYaml(text);
  const { value } = yaml;
  const parsed = value === undefined ? undefined : schema.safeParse(value, { error: zodMessage });
  const complaints = parsed?.success
    ? rules(parsed.data)
    : explain(parsed?.error.issues ?? [], { schema, value, source: yaml.source });
  const place = ({ path, message, hint }: Complaint, offset: number): Problem => {
    const shown = pathText(visiblePath(schema, path, value));
    return { file, ...yaml.position(offset), path: shown, message, hint };
  };
  const problems = [
    ...yaml.problems.map((problem) => place(problem, problem.offset)),
    ...complaints.map((complaint) => place(complaint, offsetOf(complaint, yaml))),
  ].sort((a, b) => a.line - b.line || a.column - b.column);
  return parsed?.success && problems.length === 0 ? { value: parsed.data, problems: [] } : { value: null, problems };
}

function offsetOf({ path, at = "value" }: Complaint, yaml: YamlText): number {
  return at === "around" ? yaml.locate(path.slice(0, -1), "value") : yaml.locate(path, at);
}

/** `file:line:column path: what is wrong`, and the hint in a line of its own. */
export function formatProblem({ file, line, column, path, message, hint }: Problem): string {
  const where = `${file}:${line}:${column}`;
  return `${path === "" ? `${where}:` : `${where} ${path}:`} ${message}\n  hint: ${hint}`;
}

const shown = 50;

/** All problems as one text; of a file that is wrong from end to end only the first fifty. */
export function formatProblems(problems: Problem[]): string {
  const more = problems.length > shown ? [`… and ${problems.length - shown} more problems`] : [];
  return [...problems.slice(0, shown).map(formatProblem), ...more].join("\n");
}
