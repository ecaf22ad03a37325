import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where a cluster of the lab has its things. Slots tell the networks of clusters side by side apart. */
export interface Layout {
  name: string;
  slot: number;
  /** All that the cluster writes lies below. */
  directory: string;
  /** Of this machine, on the link to the cluster. */
  hostAddress: string;
  /** Of the cluster's one node: API server, git server and registry answer here. */
  nodeAddress: string;
  podSubnet: string;
  /** The node's address on the bridge of the pods; DNS answers here. */
  podGateway: string;
  serviceSubnet: string;
  /** The cluster's DNS as pods know it. */
  dnsAddress: string;
  /** For an administrator, usable from this machine and from within. */
  kubeconfig: string;
}

/** Clusters of one machine at once. */
export const slots = 40;

export const clustersDirectory = join(tmpdir(), "firedrill-lab");

/** @param name lower-case letters, digits and dashes, at most 20 */
export function layoutOf(name: string, slot: number): Layout {
  const directory = join(clustersDirectory, name);
  return {
    name,
    slot,
    directory,
    hostAddress: `10.199.${slot}.1`,
    nodeAddress: `10.199.${slot}.2`,
    podSubnet: `10.200.${slot}.0/24`,
    podGateway: `10.200.${slot}.1`,
    serviceSubnet: `10.${100 + slot}.0.0/16`,
    dnsAddress: `10.${100 + slot}.0.10`,
    kubeconfig: join(directory, "admin.kubeconfig"),
  };
}

/** The link between this machine and the cluster. The kernel refuses a second one of that name: so a slot is taken. */
export function linkName(slot: number): string {
  return `firedrill${slot}`;
}

/** Below which the kubelet makes the control groups of its pods. */
export function controlGroup(name: string): string {
  return `firedrill-lab-${name}`;
}

/** What the nodes of a cluster have each for themselves; all else of one machine they share. */
export interface NodePlace {
  /** Its address as well, by which the API server reaches its kubelet. */
  name: string;
  /** To tell files and programs of the nodes apart. */
  suffix: string;
  /** Where its containerd keeps what must not outlive it, in the /run of the cluster's own. */
  run: string;
  kubeletPort: number;
  healthPort: number;
}

export const firstNode: NodePlace = {
  name: "localhost",
  suffix: "",
  run: "/run/containerd",
  kubeletPort: 10250,
  healthPort: 10248,
};
export const secondNode: NodePlace = {
  name: "127.0.0.2",
  suffix: "-2",
  run: "/run/containerd-2",
  kubeletPort: 10260,
  healthPort: 10258,
};

export function socketOf({ run }: NodePlace): string {
  return `${run}/containerd.sock`;
}
