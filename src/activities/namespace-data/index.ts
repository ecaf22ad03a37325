export { confirmNamespaceData } from "./confirm.ts";
export { controlNamespaceData } from "./control.ts";
export { inspectNamespaceData } from "./inspect.ts";
export { placeNamespaceData } from "./place.ts";
export { restoreNamespaceData } from "./restore.ts";
export { verifyNamespaceData } from "./verify.ts";
