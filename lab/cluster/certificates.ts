import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { firstNode, type Layout, secondNode } from "./layout.ts";

/** Who speaks to the API server, as its certificate says; `system:masters` may do all. */
const clients = {
  admin: "/O=system:masters/CN=admin",
  "kube-controller-manager": "/CN=system:kube-controller-manager",
  "kube-scheduler": "/CN=system:kube-scheduler",
  "kube-proxy": "/CN=system:kube-proxy",
  kubelet: `/O=system:nodes/CN=system:node:${firstNode.name}`,
  "kubelet-2": `/O=system:nodes/CN=system:node:${secondNode.name}`,
};

/** Makes the certificates of a cluster, and a kubeconfig for each client, in `certificates/`. */
export async function makeCertificates(layout: Layout): Promise<void> {
  const directory = certificates(layout);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await openssl(directory, "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 3650", [
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-subj",
    "/CN=firedrill-lab",
  ]);
  await openssl(directory, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out service-accounts.key");
  await openssl(directory, "pkey -in service-accounts.key -pubout -out service-accounts.pub");
  const { nodeAddress, serviceSubnet } = layout;
  const names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"].map(
    (name) => `DNS:${name}`,
  );
  const addresses = [nodeAddress, "127.0.0.1", serviceSubnet.replace(/0\/\d+$/, "1")].map((ip) => `IP:${ip}`);
  await sign(directory, "kube-apiserver", "/CN=kube-apiserver", [...names, ...addresses]);
  for (const [name, subject] of Object.entries(clients)) {
    await sign(directory, name, subject);
    const place = name === "admin" ? layout.kubeconfig : kubeconfigOf(layout, name);
    await writeFile(place, await kubeconfig(layout, name), { mode: 0o600 });
  }
}

export function certificates({ directory }: Layout): string {
  return join(directory, "certificates");
}

export function kubeconfigOf(layout: Layout, client: string): string {
  return join(certificates(layout), `${client}.kubeconfig`);
}

/** A certificate of the cluster's own authority, for a server of the node; in `certificates/NAME.crt` and `.key`. */
export async function makeServerCertificate(layout: Layout, name: string, addresses: string[]): Promise<void> {
  await sign(
    certificates(layout),
    name,
    `/CN=${name}`,
    addresses.map((ip) => `IP:${ip}`),
  );
}

async function sign(directory: string, name: string, subject: string, names: string[] = []): Promise<void> {
  const alternatives = names.length === 0 ? [] : ["-addext", `subjectAltName=${names.join(",")}`];
  const fixed = "req -x509 -CA ca.crt -CAkey ca.key -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 3650";
  const files = ["-keyout", `${name}.key`, "-out", `${name}.crt`];
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
  await openssl(directory, fixed, [...files, "-subj", subject, ...leaf, ...alternatives]);
}

async function openssl(cwd: string, fixed: string, args: string[] = []): Promise<void> {
  await execa("openssl", [...fixed.split(" "), ...args], { cwd });
}

async function kubeconfig(layout: Layout, client: string): Promise<string> {
  const read = async (file: string) => (await readFile(join(certificates(layout), file))).toString("base64");
  const cluster = { server: `https://${layout.nodeAddress}:6443`, "certificate-authority-data": await read("ca.crt") };
  const user = {
    "client-certificate-data": await read(`${client}.crt`),
    "client-key-data": await read(`${client}.key`),
  };
  const name = `lab-${layout.name}`;
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}
