/**
 * Every way in which a secret may be written down on its way through JSON, URLs, SQL, connection strings, shells, HTML
 * and base64. Longest first, so that a replacement leaves no rest of a longer way.
 */
export function variantsOf(secret: string): string[] {
  const text = secret.toWellFormed();
  const json = inJson(text);
  const ascii = json.replace(/[\u007f-\uffff]/g, unicodeEscape);
  const percent = encodeURIComponent(text);
  const strict = percent.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const base64 = Buffer.from(text).toString("base64");
  const all = [
    text,
    json,
    inJson(json),
    ascii,
    // As Go writes JSON, which the Temporal server and its CLI do.
    json.replace(/[<>&]/g, unicodeEscape),
    ...[percent, strict, encodeURI(text)].flatMap((url) => [url, lowerCaseHex(url), url.replaceAll("%20", "+")]),
    text.replaceAll("'", "''"),
    text.replace(/['\\]/g, String.raw`\$&`),
    text.replaceAll("'", String.raw`'\''`),
    inHtml(text, "&#39;"),
    inHtml(text, "&apos;"),
    base64,
    base64.replace(/=+$/, ""),
    Buffer.from(text).toString("base64url"),
  ];
  return [...new Set(all)].toSorted((a, b) => b.length - a.length);
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function unicodeEscape(char: string): string {
  return String.raw`\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function lowerCaseHex(url: string): string {
  return url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
}

function inHtml(text: string, apostrophe: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", apostrophe);
}
