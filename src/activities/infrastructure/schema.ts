import * as z from "zod";

/** What we read of the JSON of OpenTofu, Terraform and Terragrunt; everything else is left alone. */

const address = z.string().min(1);

/** `state pull`. Values are read only to be kept out of messages. */
export const State = z.object({
  lineage: z.string().min(1),
  serial: z.int().min(0),
  resources: z
    .array(
      z.object({
        module: address.optional(),
        mode: z.string(),
        type: address,
        name: address,
        instances: z.array(
          z.object({
            index_key: z.union([z.string(), z.number()]).optional(),
            attributes: z.unknown(),
            sensitive_attributes: z.array(z.unknown()).nullish(),
          }),
        ),
      }),
    )
    .nullish(),
  outputs: z.record(z.string(), z.object({ value: z.unknown(), sensitive: z.boolean().optional() })).nullish(),
});
export type State = z.infer<typeof State>;

/** `show -json` of a saved plan. */
export const SavedPlan = z.object({
  format_version: z.string(),
  resource_changes: z
    .array(z.object({ address, mode: z.string(), change: z.object({ actions: z.array(z.string()).min(1) }) }))
    .nullish(),
});

/** `show -json` of a state. */
export const ShownState = z.object({
  format_version: z.string(),
  values: z
    .object({
      root_module: z.object({ resources: z.array(z.unknown()), child_modules: z.array(z.unknown()) }).partial(),
    })
    .partial()
    .nullish(),
});

/** One line of `plan -json` or `apply -json`. */
export const Line = z.object({
  type: z.string(),
  hook: z.object({ resource: z.object({ addr: address }) }).optional(),
  changes: z.object({ add: z.number(), change: z.number(), remove: z.number(), operation: z.string() }).optional(),
  diagnostic: z
    .object({
      severity: z.string(),
      summary: z.string(),
      detail: z.string().nullish(),
      address: z.string().nullish(),
      snippet: z.object({ context: z.string().nullish() }).nullish(),
    })
    .optional(),
});
export type Line = z.infer<typeof Line>;

/** `terragrunt find --json`. */
export const Found = z.array(z.object({ type: z.string(), path: z.string() }));

/** `terragrunt run --all --report-file`. */
export const Report = z.array(
  z.object({
    Name: z.string(),
    Result: z.string(),
    Reason: z.string().nullish(),
    Cause: z.string().nullish(),
  }),
);

/** What a backend was initialised with, in `.terraform/terraform.tfstate`. */
export const Backend = z.object({
  backend: z.object({ type: z.string(), config: z.record(z.string(), z.unknown()).nullish() }),
});

/** `terragrunt info print`. */
export const Info = z.object({ working_dir: z.string().min(1) });
