import type { KubernetesObject } from "../kubernetes/object.ts";
import { splitApiVersion } from "../kubernetes/paths.ts";

/** Who makes an object under a name of its own choice. */
export interface Maker {
  /** "Certificate/web" */
  by: string;
  /** Its values are new each time. */
  generated: boolean;
}

interface SecretMaker {
  group: string;
  named: (one: KubernetesObject) => (string | undefined)[];
  generated: boolean;
}

/** What in a custom resource names the Secret that its operator writes, and whether the values are new each time. */
const secretMakers: Record<string, SecretMaker> = {
  InfisicalSecret: {
    group: "secrets.infisical.com",
    named: ({ spec }) => [
      text(spec, "managedSecretReference", "secretName"),
      ...((spec?.["managedKubeSecretReferences"] ?? []) as object[]).map((one) => text(one, "secretName")),
    ],
    generated: false,
  },
  InfisicalStaticSecret: {
    group: "secrets.infisical.com",
    named: ({ spec }) => [text(spec, "target", "name")],
    generated: false,
  },
  ExternalSecret: {
    group: "external-secrets.io",
    // By the other policies it writes into a Secret that somebody else has made, or nowhere.
    named: ({ spec, metadata }) =>
      ["Owner", "Orphan"].includes(text(spec, "target", "creationPolicy") ?? "Owner")
        ? [text(spec, "target", "name") ?? metadata.name]
        : [],
    generated: false,
  },
  SealedSecret: {
    group: "bitnami.com",
    named: ({ spec, metadata }) => [text(spec, "template", "metadata", "name") ?? metadata.name],
    generated: false,
  },
  VaultStaticSecret: {
    group: "secrets.hashicorp.com",
    named: ({ spec }) => {
      const { create, name } = (spec?.["destination"] ?? {}) as { create?: boolean; name?: string };
      return create === true ? [name] : [];
    },
    generated: false,
  },
  OnePasswordItem: { group: "onepassword.com", named: ({ metadata }) => [metadata.name], generated: false },
  Certificate: { group: "cert-manager.io", named: ({ spec }) => [text(spec, "secretName")], generated: true },
  Issuer: {
    group: "cert-manager.io",
    named: ({ spec }) => [text(spec, "acme", "privateKeySecretRef", "name")],
    generated: true,
  },
  Cluster: {
    group: "postgresql.cnpg.io",
    named: ({ metadata: { name } }) =>
      ["app", "superuser", "ca", "server", "replication"].map((end) => `${name}-${end}`),
    generated: true,
  },
  ServiceAccount: { group: "", named: ({ metadata }) => [`${metadata.name}-dockercfg`], generated: true },
};

/** The object that has a Secret made. Other groups have kinds of the same names, which make nothing. */
export function secretMaker({ metadata }: KubernetesObject, all: KubernetesObject[]): Maker | undefined {
  const maker = all.find((one) => {
    const { group, named } = secretMakers[one.kind] ?? {};
    return group === splitApiVersion(one.apiVersion).group && named?.(one).includes(metadata.name);
  });
  if (maker !== undefined)
    return { by: `${maker.kind}/${maker.metadata.name}`, generated: secretMakers[maker.kind]!.generated };
  const ingress = all.find((one) => one.kind === "Ingress" && isIssued(one) && tlsSecrets(one).includes(metadata.name));
  return ingress && { by: `Ingress/${ingress.metadata.name}`, generated: true };
}

function isIssued({ metadata }: KubernetesObject): boolean {
  return Object.keys(metadata.annotations ?? {}).some((key) => /^cert-manager\.io\/(cluster-)?issuer$/.test(key));
}

function tlsSecrets({ spec }: KubernetesObject): (string | undefined)[] {
  return ((spec?.["tls"] ?? []) as object[]).map((one) => text(one, "secretName"));
}

/** The text at a path of an object, undefined where there is none. */
function text(from: unknown, ...path: string[]): string | undefined {
  let at = from;
  for (const key of path) at = (at as Record<string, unknown> | undefined)?.[key];
  return typeof at === "string" ? at : undefined;
}
