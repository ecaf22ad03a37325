/** An image's reference in full, as the distribution project's grammar has it. */
export interface Reference {
  /** "registry-1.docker.io", "ghcr.io", "10.0.0.2:5000": whom to ask. */
  host: string;
  /** "library/busybox" */
  repository: string;
  /** Tag or digest. */
  version: string;
}

/** Who answers for Docker Hub's images. */
export const dockerHub = "registry-1.docker.io";

/** "busybox" is "docker.io/library/busybox:latest": the first part is a registry only if it looks like a host. */
export function parseReference(image: string): Reference {
  const [first = "", ...rest] = image.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const named = isHost ? rest.join("/") : image;
  const [, path = "", tag, digest] = /^([^@:]+)(?::([^@]+))?(?:@(.+))?$/.exec(named) ?? [];
  const ofDocker = !isHost || first === "docker.io" || first === "index.docker.io";
  return {
    host: ofDocker ? dockerHub : first,
    repository: ofDocker && !path.includes("/") ? `library/${path}` : path,
    version: digest ?? tag ?? "latest",
  };
}

/** Bitnami's versioned tags left Docker Hub's bitnami/ on 2025-08-28 (bitnami/containers#83267). */
export function whereItWent(image: string): string | undefined {
  const name = /^(?:(?:registry-1\.|index\.)?docker\.io\/)?bitnami\/(.+)$/.exec(image)?.[1];
  return name === undefined
    ? undefined
    : `Bitnami moved its versioned images to bitnamilegacy in 2025: use docker.io/bitnamilegacy/${name}, or better a maintained image.`;
}
