/** Whether a plan's list of patterns, such as "Secret/shop-*", names an object, such as "Secret/shop-tls". */
export function isNamed(patterns: string[], object: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? object.startsWith(pattern.slice(0, -1)) : object === pattern,
  );
}
