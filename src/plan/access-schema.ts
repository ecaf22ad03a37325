import * as z from "zod";
import { path } from "./scalars.ts";

/** How a plan says which Kubernetes cluster is meant, and as whom it is used. */

const File = z.strictObject({
  file: path
    .describe("kubeconfig on the worker's host; paths in it are relative to it")
    .meta({ examples: ["/etc/firedrill/homelab.kubeconfig"] }),
});

const Command = z.strictObject({
  command: z
    .array(z.string().min(1, "must not be empty"))
    .min(1, "needs at least the name of a program")
    .describe("program and arguments, run on the worker's host, that print a kubeconfig; no shell")
    .meta({ examples: [["tofu", "-chdir=/srv/homelab", "output", "-raw", "kubeconfig"]] }),
});

const Ssm = z.strictObject({
  ssm: z
    .string()
    .regex(/^[A-Za-z0-9_./:-]+$/, "must be the name or the ARN of a parameter")
    .describe("parameter of the AWS Systems Manager that holds the kubeconfig, usually a SecureString")
    .meta({ examples: ["/homelab/kubeconfig"] }),
  region: z
    .string()
    .regex(/^[a-z0-9-]+$/, "must be the name of an AWS region")
    .optional()
    .describe("AWS region of the parameter; without it what the worker's AWS settings say")
    .meta({ examples: ["eu-central-1"] }),
  endpoint: z
    .url({ protocol: /^https?$/, error: "must be an http or https address" })
    .optional()
    .describe("address to ask instead of that of AWS")
    .meta({ examples: ["http://127.0.0.1:4566"] }),
});

const Talos = z.strictObject({
  talos: z
    .strictObject({
      config: path.describe("talosconfig on the worker's host").meta({ examples: ["/etc/firedrill/talosconfig"] }),
      node: z
        .string()
        .min(1, "must not be empty")
        .describe("control-plane node that is asked")
        .meta({ examples: ["10.0.0.11"] }),
      endpoint: z
        .string()
        .min(1, "must not be empty")
        .optional()
        .describe("through which endpoint the node is asked; without it those of the talosconfig")
        .meta({ examples: ["10.0.0.10"] }),
    })
    .describe("asks talosctl for the kubeconfig, so that a rebuilt cluster's is always the newest")
    .meta({ examples: [{ config: "/etc/firedrill/talosconfig", node: "10.0.0.11" }] }),
});

export const ClusterAccess = z
  .strictObject({
    kubeconfig: z
      .union([z.literal("in-cluster"), File, Command, Ssm, Talos])
      .describe("where the kubeconfig comes from, read anew in every step; `in-cluster` is the worker's own pod")
      .meta({ examples: [{ file: "/etc/firedrill/homelab.kubeconfig" }] }),
    context: z
      .string()
      .min(1, "must not be empty")
      .optional()
      .describe("context of the kubeconfig; without it its current one")
      .meta({ examples: ["admin@homelab"] }),
  })
  .describe("a Kubernetes cluster, and as whom it is used")
  .meta({ title: "cluster access" });
export type ClusterAccess = z.infer<typeof ClusterAccess>;
