/** What a person types to run this very program: `npx firedrill` in a clone, `firedrill` from the package. */
export const programName = import.meta.filename.endsWith(".ts") ? "npx firedrill" : "firedrill";
