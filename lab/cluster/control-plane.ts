import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Built } from "../go-programs.ts";
import { auditLog, auditPolicy } from "./audit.ts";
import { certificates, kubeconfigOf } from "./certificates.ts";
import { kubectl, waitUntil } from "./kubectl.ts";
import { type Sandbox, startWithin } from "./sandbox.ts";

/** etcd, API server, controller manager and scheduler. Returns when the API server is ready. */
export async function startControlPlane(sandbox: Sandbox, built: Built): Promise<void> {
  const { layout } = sandbox;
  const { directory, podSubnet, serviceSubnet } = layout;
  const at = (file: string) => join(certificates(layout), file);
  await mkdir(join(directory, "etcd"), { recursive: true, mode: 0o700 });
  await startWithin(sandbox, "etcd", [
    join(built.etcd, "etcd"),
    `--data-dir=${join(directory, "etcd")}`,
    "--listen-client-urls=http://127.0.0.1:2379",
    "--advertise-client-urls=http://127.0.0.1:2379",
    "--listen-peer-urls=http://127.0.0.1:2380",
    "--initial-advertise-peer-urls=http://127.0.0.1:2380",
    "--initial-cluster=default=http://127.0.0.1:2380",
    // Nothing of a lab outlives the machine.
    "--unsafe-no-fsync",
    "--log-level=warn",
  ]);
  await startApiServer(sandbox, built);
  await startWithin(sandbox, "kube-controller-manager", [
    join(built.kubernetes, "kube-controller-manager"),
    `--kubeconfig=${kubeconfigOf(layout, "kube-controller-manager")}`,
    `--cluster-cidr=${podSubnet}`,
    `--service-cluster-ip-range=${serviceSubnet}`,
    `--service-account-private-key-file=${at("service-accounts.key")}`,
    `--root-ca-file=${at("ca.crt")}`,
    `--cluster-signing-cert-file=${at("ca.crt")}`,
    `--cluster-signing-key-file=${at("ca.key")}`,
    "--use-service-account-credentials",
    "--leader-elect=false",
  ]);
  await startWithin(sandbox, "kube-scheduler", [
    join(built.kubernetes, "kube-scheduler"),
    `--kubeconfig=${kubeconfigOf(layout, "kube-scheduler")}`,
    "--leader-elect=false",
    // A pod whose claim is bound in the very moment in which it was found unbound is not woken, and would wait for 5 minutes.
    "--pod-max-in-unschedulable-pods-duration=10s",
  ]);
  await waitUntil(
    "the API server is ready",
    60_000,
    async () => (await kubectl(layout, built, "get", "--raw", "/readyz")).ok,
  );
}

/** Again, after a test has stopped it. */
export async function startApiServer(sandbox: Sandbox, built: Built): Promise<void> {
  const { layout } = sandbox;
  const at = (file: string) => join(certificates(layout), file);
  const policy = join(layout.directory, "audit.yaml");
  await writeFile(policy, stringify(auditPolicy));
  const argv = [
    join(built.kubernetes, "kube-apiserver"),
    `--audit-policy-file=${policy}`,
    `--audit-log-path=${auditLog(layout)}`,
    "--etcd-servers=http://127.0.0.1:2379",
    "--bind-address=0.0.0.0",
    "--secure-port=6443",
    `--advertise-address=${layout.nodeAddress}`,
    `--cert-dir=${certificates(layout)}`,
    `--tls-cert-file=${at("kube-apiserver.crt")}`,
    `--tls-private-key-file=${at("kube-apiserver.key")}`,
    `--client-ca-file=${at("ca.crt")}`,
    `--kubelet-client-certificate=${at("admin.crt")}`,
    `--kubelet-client-key=${at("admin.key")}`,
    "--kubelet-preferred-address-types=Hostname",
    `--service-account-key-file=${at("service-accounts.pub")}`,
    `--service-account-signing-key-file=${at("service-accounts.key")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-cluster-ip-range=${layout.serviceSubnet}`,
    "--authorization-mode=Node,RBAC",
    "--allow-privileged=true",
  ];
  // The only HTTPS client in a pod of the lab is busybox's wget, which knows no newer signatures than those of SHA-1.
  await startWithin(sandbox, "kube-apiserver", argv, { GODEBUG: "tlssha1=1" });
}
