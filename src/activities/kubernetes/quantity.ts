const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * A quantity of Kubernetes ("500m", "2Gi", "1e3") as a number; NaN where it is none, which no comparison holds for. The client's own
 * parser throws at a fraction of a unit ("1.5Gi").
 */
export function quantity(text: string): number {
  const [, amount = "", unit = ""] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)$/.exec(text) ?? [];
  return amount === "" ? Number.NaN : Number(amount) * (factors[unit] ?? Number.NaN);
}
