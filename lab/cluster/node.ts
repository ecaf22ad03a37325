import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Built } from "../go-programs.ts";
import { certificates, kubeconfigOf } from "./certificates.ts";
import { kubectl, waitUntil } from "./kubectl.ts";
import { controlGroup, firstNode, type Layout, type NodePlace, socketOf } from "./layout.ts";
import { importImages } from "./images.ts";
import { trustRegistry } from "./registry.ts";
import { type Sandbox, startWithin } from "./sandbox.ts";

/** containerd with the images that every pod needs. */
export async function startContainerd(sandbox: Sandbox, node = firstNode): Promise<void> {
  const { layout } = sandbox;
  const name = `containerd${node.suffix}`;
  const root = join(layout.directory, name);
  await mkdir(join(root, "cni"), { recursive: true });
  await writeFile(join(root, "config.toml"), containerdConfig(root, node));
  await writeFile(join(root, "cni", "10-pods.conflist"), JSON.stringify(podNetwork(layout)));
  await trustRegistry(layout, join(root, "registries"));
  await startWithin(sandbox, name, ["containerd", "--config", join(root, "config.toml")]);
  await importImages(sandbox, ["pause", "busybox"], node);
}

/** kubelet and kube-proxy. Returns when the node is ready for pods. */
export async function startNode(sandbox: Sandbox, built: Built): Promise<void> {
  const { layout } = sandbox;
  const { directory } = layout;
  await startKubelet(sandbox, built, firstNode);
  await writeFile(join(directory, "kube-proxy.yaml"), stringify(kubeProxyConfig(layout)));
  const proxy = [join(built.kubernetes, "kube-proxy"), `--config=${join(directory, "kube-proxy.yaml")}`];
  await startWithin(sandbox, "kube-proxy", [...proxy]);
  await nodeIsReady(layout, built, firstNode);
}

/** Also of a node besides the first: network, Services and the folders of volumes are those of the one machine. */
export async function startKubelet(sandbox: Sandbox, built: Built, node: NodePlace): Promise<void> {
  const { layout } = sandbox;
  const { directory } = layout;
  const { name, suffix } = node;
  const config = join(directory, `kubelet${suffix}.yaml`);
  await writeFile(config, stringify(kubeletConfig(layout, node)));
  await startWithin(sandbox, `kubelet${suffix}`, [
    join(built.kubernetes, "kubelet"),
    `--config=${config}`,
    `--kubeconfig=${kubeconfigOf(layout, `kubelet${suffix}`)}`,
    `--root-dir=${join(directory, `kubelet${suffix}`)}`,
    `--hostname-override=${name}`,
  ]);
}

export async function nodeIsReady(layout: Layout, built: Built, { name }: NodePlace): Promise<void> {
  const ready = ["get", "node", name, "-o", 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'];
  const isReady = async () => (await kubectl(layout, built, ...ready)).output === "True";
  await waitUntil(`node ${name} is ready`, 60_000, isReady);
}

/** `restrict_oom_score_adj`: a machine may lack the right to protect a sandbox, which would fail with "final child's PID". */
function containerdConfig(root: string, node: NodePlace): string {
  return `
version = 2
root = "${root}/root"
state = "${node.run}/state"
[grpc]
  address = "${socketOf(node)}"
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

function kubeletConfig(layout: Layout, node: NodePlace): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: { x509: { clientCAFile: join(certificates(layout), "ca.crt") }, anonymous: { enabled: false } },
    authorization: { mode: "Webhook" },
    cgroupDriver: "cgroupfs",
    // A kubelet ends the pods below it that it does not know.
    cgroupRoot: `/${controlGroup(layout.name)}${node.suffix && `/node${node.suffix}`}`,
    failSwapOn: false,
    localStorageCapacityIsolation: false,
    resolvConf: "/dev/null",
    clusterDNS: [layout.dnsAddress],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: `unix://${socketOf(node)}`,
    port: node.kubeletPort,
    healthzPort: node.healthPort,
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
