import type { Resumed } from "../activities/resume.ts";
import type { Remains } from "../activities/verbs.ts";
import { on, onData, onNamespace } from "./activities.ts";
import { expectedOf } from "./carry.ts";
import type { Run } from "./run.ts";

/** Looks what the run that is resumed has left of every component. */
export async function lookAtRemains(run: Run, resumed: Resumed): Promise<Record<string, Remains>> {
  if (run.scenario !== "namespace")
    return await run.each((c) =>
      run.step("confirm", c, on(c).confirm, { component: c, ...expectedOf(resumed, c.name) }),
    );
  const found: Record<string, Remains> = {};
  await run.eachNamespace(async (input, data) => {
    for (const one of data)
      found[one.component.name] = await run.step("confirm", one.component, onData.confirm, {
        ...one,
        ...expectedOf(resumed, one.component.name),
      });
    const { name } = input.component;
    const expected = expectedOf(resumed, name);
    found[name] = await run.step("confirm", input.component, onNamespace.confirm, { ...input, ...expected });
  });
  return found;
}
