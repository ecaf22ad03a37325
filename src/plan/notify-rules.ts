import type { Complaint } from "./complaint.ts";
import type { Plan } from "./schema.ts";

/** An SMTP server is either given both or asked as nobody. */
export function userAndPasswordTogether({ notify = [] }: Plan): Complaint[] {
  return notify.flatMap((channel, n) => {
    if (channel.kind !== "email" || (channel.user === undefined) === (channel.password === undefined)) return [];
    const [there, missing] = channel.user === undefined ? ["password", "user"] : ["user", "password"];
    const hint = `Write \`${missing}:\` as well, or remove \`${there}:\`.`;
    return [{ path: ["notify", n, there], message: `needs a ${missing} beside it`, hint }];
  });
}
