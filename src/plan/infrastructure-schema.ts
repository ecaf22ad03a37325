import * as z from "zod";
import { Duration, name, path, Secret } from "./scalars.ts";

/** What the target is made of, layer by layer: applied in the order of the list, destroyed in reverse. */

const argv = z
  .array(z.string().min(1, "must not be empty"))
  .min(1, "needs at least the name of a program")
  .meta({ examples: [["/srv/infra/cluster.sh", "destroy"]] });

const Destroyed = z.union([
  z
    .string()
    .min(1, "must not be empty")
    .meta({ examples: ["module.cluster.*"] }),
  z.strictObject({
    addresses: z
      .string()
      .min(1, "must not be empty")
      .describe("address of a resource, or a pattern in which * stands for any text")
      .meta({ examples: ["module.cluster.*"] }),
    atMost: z
      .int()
      .min(1)
      .describe("how many such resources may be destroyed")
      .meta({ examples: [3] }),
  }),
]);

const common = {
  name: name.describe("name of the layer, unique in the plan; the steps of a run carry it"),
  directory: path.describe("where its code is, on the worker's host").meta({ examples: ["/srv/infra/dev"] }),
  timeout: Duration.prefault("30m").describe("how long its destruction, or its rebuilding, may take"),
  environment: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable"), Secret)
    .default({})
    .describe("secrets that its programs get as environment variables; they inherit none of the worker's")
    .meta({ examples: [{ AWS_SECRET_ACCESS_KEY: { env: "AWS_SECRET_ACCESS_KEY" } }] }),
};

const ofState = {
  workspace: z
    .string()
    .regex(/^[A-Za-z0-9_.-]+$/, "must be the name of a workspace")
    .default("default")
    .describe("workspace of the state"),
  destroys: z
    .array(Destroyed)
    .min(1, "must list what may be destroyed")
    .describe("addresses of the resources that may be destroyed; a plan that destroys any other is refused")
    .meta({ examples: [["module.cluster.*", { addresses: "terraform_data.node[*]", atMost: 3 }]] }),
  lockTimeout: Duration.prefault("1m").describe("how long to wait for the state while somebody else has locked it"),
};

const ofRoot = {
  backendConfig: path.optional().describe("file with the rest of the backend's settings, for `init`"),
  vars: path.optional().describe("file with values of variables"),
};

const Terraform = z
  .strictObject({ ...common, kind: z.literal("terraform").describe("kind of the layer"), ...ofState, ...ofRoot })
  .describe("a root module of Terraform");

const Tofu = z
  .strictObject({ ...common, kind: z.literal("tofu").describe("kind of the layer"), ...ofState, ...ofRoot })
  .describe("a root module of OpenTofu");

const Terragrunt = z
  .strictObject({
    ...common,
    kind: z.literal("terragrunt").describe("kind of the layer"),
    mode: z
      .enum(["unit", "all", "stack"])
      .default("unit")
      .describe("one unit, all units below the directory (`run --all`), or those of its terragrunt.stack.hcl"),
    ...ofState,
  })
  .describe(
    "units of Terragrunt; in `all` and `stack` an address is the unit's path, a colon and the resource's address",
  );

const Expectation = z.strictObject({
  exitCode: z.int().min(0).max(255).default(0).describe("exit code"),
  contains: z.string().min(1).optional().describe("text that it prints"),
});

const Command = z
  .strictObject({
    ...common,
    kind: z.literal("command").describe("kind of the layer"),
    inspect: z
      .strictObject({
        run: argv.describe("program and arguments; what it prints while the layer exists says which one it is"),
        exists: Expectation.prefault({}).describe("how it ends while the layer exists"),
        gone: Expectation.describe("how it ends once the layer is destroyed").meta({ examples: [{ exitCode: 1 }] }),
      })
      .describe("command that looks whether the layer exists, and changes nothing")
      .meta({ examples: [{ run: ["/srv/infra/cluster.sh", "id"], gone: { exitCode: 1 } }] }),
    destroy: argv.describe("command that destroys the layer; it may be run again after it was killed"),
    apply: argv
      .describe("command that makes the layer; it may be run again after it was killed")
      .meta({ examples: [["/srv/infra/cluster.sh", "apply"]] }),
  })
  .describe("anything that programs of one's own destroy and make; no shell");

export const Layer = z.discriminatedUnion("kind", [Terraform, Tofu, Terragrunt, Command]);
export type Layer = z.infer<typeof Layer>;
export type CommandLayer = z.infer<typeof Command>;
/** A layer with a state. */
export type StateLayer = Exclude<Layer, CommandLayer>;
export type Expectation = z.infer<typeof Expectation>;
