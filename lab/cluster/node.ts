import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Built } from "../go-programs.ts";
import { certificates, kubeconfigOf } from "./certificates.ts";
import { kubectl, waitUntil } from "./kubectl.ts";
import { containerdSocket, controlGroup, type Layout } from "./layout.ts";
import { importImages } from "./images.ts";
import { trustRegistry } from "./registry.ts";
import { type Sandbox, startWithin } from "./sandbox.ts";

/** containerd with the images that every pod needs. */
export async function startContainerd(sandbox: Sandbox): Promise<void> {
  const { layout } = sandbox;
  const root = join(layout.directory, "containerd");
  await mkdir(join(root, "cni"), { recursive: true });
  await writeFile(join(root, "config.toml"), containerdConfig(root));
  await writeFile(join(root, "cni", "10-pods.conflist"), JSON.stringify(podNetwork(layout)));
  await trustRegistry(layout, join(root, "registries"));
  await startWithin(sandbox, "containerd", ["containerd", "--config", join(root, "config.toml")]);
  await importImages(sandbox, ["pause", "busybox"]);
}

/** kubelet and kube-proxy. Returns when the node is ready for pods. */
export async function startNode(sandbox: Sandbox, built: Built): Promise<void> {
  const { layout } = sandbox;
  const { directory } = layout;
  await writeFile(join(directory, "kubelet.yaml"), stringify(kubeletConfig(layout)));
  await startWithin(sandbox, "kubelet", [
    join(built.kubernetes, "kubelet"),
    `--config=${join(directory, "kubelet.yaml")}`,
    `--kubeconfig=${kubeconfigOf(layout, "kubelet")}`,
    `--root-dir=${join(directory, "kubelet")}`,
    "--hostname-override=localhost",
  ]);
  await writeFile(join(directory, "kube-proxy.yaml"), stringify(kubeProxyConfig(layout)));
  const proxy = [join(built.kubernetes, "kube-proxy"), `--config=${join(directory, "kube-proxy.yaml")}`];
  await startWithin(sandbox, "kube-proxy", [...proxy]);
  const ready = ["get", "node", "localhost", "-o", 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'];
  await waitUntil("the node is ready", 60_000, async () => (await kubectl(layout, built, ...ready)).output === "True");
}

/** `restrict_oom_score_adj`: a machine may lack the right to protect a sandbox, which would fail with "final child's PID". */
function containerdConfig(root: string): string {
  return `
version = 2
root = "${root}/root"
state = "/run/containerd/state"
[grpc]
  address = "${containerdSocket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${root}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${root}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${root}/registries"
`;
}

function podNetwork({ podSubnet }: Layout): object {
  const ipam = {
    type: "host-local",
    ranges: [[{ subnet: podSubnet }]],
    routes: [{ dst: "0.0.0.0/0" }],
    dataDir: "/run/cni",
  };
  const bridge = { type: "bridge", bridge: "pods", isGateway: true, hairpinMode: true, ipam };
  return { cniVersion: "1.0.0", name: "pods", plugins: [bridge] };
}

function kubeletConfig(layout: Layout): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: { x509: { clientCAFile: join(certificates(layout), "ca.crt") }, anonymous: { enabled: false } },
    authorization: { mode: "Webhook" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${controlGroup(layout.name)}`,
    failSwapOn: false,
    localStorageCapacityIsolation: false,
    resolvConf: "/dev/null",
    clusterDNS: [layout.dnsAddress],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    // A developer's disk is fuller than a server's.
    evictionHard: { "nodefs.available": "1%", "imagefs.available": "1%" },
    imageGCHighThresholdPercent: 100,
    serializeImagePulls: false,
  };
}

function kubeProxyConfig(layout: Layout): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    hostnameOverride: "localhost",
    clusterCIDR: layout.podSubnet,
    clientConnection: { kubeconfig: kubeconfigOf(layout, "kube-proxy") },
    conntrack: { maxPerCore: 0 },
  };
}
