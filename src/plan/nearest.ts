import { distance } from "fastest-levenshtein";

/** The known word that a misspelt one most likely means; undefined when none is near. Case, dashes and `_` count little. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 100) return undefined;
  const ranked = known
    .map((candidate) => ({ candidate, away: distance(plain(word), plain(candidate)) }))
    .sort((a, b) => a.away - b.away);
  const best = ranked[0];
  if (best === undefined) return undefined;
  const allowed = Math.max(2, Math.floor(best.candidate.length / 3));
  const alike = best.away <= allowed && best.away < Math.min(plain(word).length, plain(best.candidate).length);
  return alike || best.away === 0 ? best.candidate : undefined;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, "");
}
