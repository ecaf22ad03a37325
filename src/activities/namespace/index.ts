export { inspectNamespace } from "./inspect.ts";
export { confirmNamespace } from "./confirm.ts";
export { proveNamespace } from "./prove.ts";
export { destroyNamespace } from "./destroy.ts";
export { controlNamespace } from "./control.ts";
export { rebuildNamespace } from "./rebuild.ts";
export { verifyNamespace } from "./verify.ts";
