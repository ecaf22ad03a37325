import type { ErrorCode } from "yaml";

const quote = 'Put text that contains ": ", " #" or begins with a special character into quotes.';
const brackets = "Close every bracket, brace and quote, and part the entries with commas.";
const indent = "Indent with spaces only; what belongs together begins in the same column.";
const plain = "Write plain maps, lists and values; plans need nothing else of YAML.";

/**
 * What is wrong and what to do, per error of the parser. Its own messages repeat parts of the text, which may be a
 * secret: they are never shown.
 */
export const syntaxMessages: Record<ErrorCode, readonly [message: string, hint: string]> = {
  ALIAS_PROPS: ["aliases (*name) are not allowed", plain],
  BAD_ALIAS: ["aliases (*name) are not allowed", quote],
  BAD_COLLECTION_TYPE: ["tags (!name) are not allowed", plain],
  BAD_DIRECTIVE: ["directives (%NAME) are not allowed", plain],
  BAD_DQ_ESCAPE: ["not YAML: unknown escape in a quoted text", "Write \\\\ for one backslash, or use single quotes."],
  BAD_INDENT: ["not YAML: wrong indentation, or a bracket that is not closed", `${indent} ${brackets}`],
  BAD_PROP_ORDER: ["anchors and tags are not allowed", plain],
  BAD_SCALAR_START: ["not YAML: a value begins with a character that must be quoted", quote],
  BLOCK_AS_IMPLICIT_KEY: ["not YAML: a second `key:` within a value, or wrong indentation", `${quote} ${indent}`],
  BLOCK_IN_FLOW: ["not YAML: a bracket or brace is not closed", brackets],
  DUPLICATE_KEY: ["this key stands here twice", "Keep one of them."],
  IMPOSSIBLE: ["not YAML", plain],
  KEY_OVER_1024_CHARS: ["not YAML: a key is too long", plain],
  MISSING_CHAR: ["not YAML: a quote, bracket, comma or colon is missing", `${brackets} ${indent}`],
  MULTILINE_IMPLICIT_KEY: ["not YAML: a key must stand in one line, with a colon after it", `${indent} ${quote}`],
  MULTIPLE_ANCHORS: ["anchors (&name) are not allowed", plain],
  MULTIPLE_DOCS: ["a second document begins here", "Keep one document: remove the line `---`, or make two files."],
  MULTIPLE_TAGS: ["tags (!name) are not allowed", plain],
  NON_STRING_KEY: ["a key must be one word", "Write `key: value`."],
  RESOURCE_EXHAUSTION: ["is nested too deeply", plain],
  TAB_AS_INDENT: ["a tab where spaces are needed", "Indent with spaces; YAML does not allow tabs."],
  TAG_RESOLVE_FAILED: ["tags (!name) are not allowed", plain],
  UNEXPECTED_TOKEN: ["not YAML: something stands where nothing may", `${quote} ${indent}`],
};
