export { inspectWorkload } from "./inspect.ts";
export { confirmWorkload } from "./confirm.ts";
export { plantWorkload } from "./plant.ts";
export { proveWorkload } from "./prove.ts";
export { destroyWorkload } from "./destroy.ts";
export { controlWorkload } from "./control.ts";
export { rebuildWorkload } from "./rebuild.ts";
export { verifyWorkload } from "./verify.ts";
