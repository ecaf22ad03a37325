import { GetParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { awsCredentials, type Services, ssmEndpoint } from "../../lab/services/services.ts";

/** The kubeconfig in SSM, under the name that the plan reads. */

interface Parameter {
  parameter: string;
  services: Services;
}

export async function putParameter({ parameter, services }: Parameter, Value: string): Promise<void> {
  const secret = { Type: "SecureString", Tier: "Advanced", Overwrite: true } as const;
  const command = new PutParameterCommand({ Name: parameter, Value, ...secret });
  await withSsm(services, async (ssm) => await ssm.send(command));
}

/** Undefined where there is none. */
export async function readParameter({ parameter, services }: Parameter): Promise<string | undefined> {
  const command = new GetParameterCommand({ Name: parameter, WithDecryption: true });
  const found = await withSsm(services, async (ssm) => await ssm.send(command).catch(() => undefined));
  return found?.Parameter?.Value;
}

async function withSsm<T>(services: Services, work: (ssm: SSMClient) => Promise<T>): Promise<T> {
  const { region, ...credentials } = awsCredentials;
  const ssm = new SSMClient({ region, endpoint: ssmEndpoint(services), credentials });
  return await work(ssm).finally(() => ssm.destroy());
}
