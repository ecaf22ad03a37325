import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { fail } from "../../failures.ts";
import { awsTrouble } from "../aws-failure.ts";

export interface Parameter {
  ssm: string;
  region?: string | undefined;
  endpoint?: string | undefined;
}

/** The value of a parameter, decrypted; as whom is for the worker's own AWS settings to say. */
export async function ssmParameter({ ssm, region, endpoint }: Parameter, signal?: AbortSignal): Promise<string> {
  const client = new SSMClient({ ...(region && { region }), ...(endpoint && { endpoint }) });
  try {
    const command = new GetParameterCommand({ Name: ssm, WithDecryption: true });
    const limit = AbortSignal.any([AbortSignal.timeout(30_000), ...(signal ? [signal] : [])]);
    const { Parameter: found } = await client.send(command, { abortSignal: limit });
    if (found?.Value) return found.Value;
    throw fail("SECRET_MISSING", `the SSM parameter ${ssm} is empty`);
  } catch (error) {
    signal?.throwIfAborted();
    throw ssmFailure(error, ssm);
  } finally {
    client.destroy();
  }
}

/** Turns what a person can mend into a failure; anything else stays what it is. */
function ssmFailure(error: unknown, ssm: string): unknown {
  const trouble = awsTrouble(error);
  if (trouble === undefined) return error;
  const { about, code, said } = trouble;
  if (code === "ParameterNotFound" || code === "ParameterVersionNotFound")
    return fail("SECRET_MISSING", `there is no SSM parameter ${ssm}`, "Correct its name or region in the plan.");
  switch (about) {
    case "credentials": {
      const hint = "Log the worker in to AWS anew, or give it credentials that are valid; then retry.";
      return fail("AUTHENTICATION_FAILED", `AWS does not accept the worker's credentials for SSM (${code})`, hint);
    }
    case "rights":
      return fail("PERMISSION_DENIED", said, "Allow ssm:GetParameter, and kms:Decrypt of its key; then retry.");
    case "region":
      return fail("PLAN_INVALID", `the SSM parameter ${ssm} needs a region`);
    case "connection":
      return fail("SYSTEM_UNREACHABLE", `AWS SSM does not answer (${code})`);
    case "request":
      return fail("SECRET_MISSING", `the SSM parameter ${ssm} cannot be read: ${said}`);
  }
}
