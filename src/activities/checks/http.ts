import type { CheckOf } from "../../plan/check-schema.ts";
import { askHttp } from "../outside/http-check.ts";
import { plainKind } from "./kind.ts";

export const http = plainKind<CheckOf<"http">>({
  title: ({ host, url }) => `HTTP ${host ?? url}`,
  expected: ({ status, contains }) =>
    `status ${status}${contains === undefined ? "" : ", with the text that it should contain"}`,
  ask: async (check, { signal }) => await askHttp(check, signal),
});
