import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

/**
 * A stand-in for AWS SSM's Parameter Store. Real: the protocol (JSON 1.1), GetParameter, PutParameter and DeleteParameter with their errors, types,
 * versions, limits of size, and that a SecureString is readable only with decryption. Not real: signatures are not checked, only
 * who signed; nothing is encrypted in the file; no other actions.
 * Started as `node ssm-server.ts FILE ADDRESS PORT`.
 */
const [file = "", address = "", port = ""] = process.argv.slice(2);

interface Parameter {
  Name: string;
  Type: "String" | "StringList" | "SecureString";
  Value: string;
  Version: number;
  LastModifiedDate: number;
  Tier: "Standard" | "Advanced";
}

/** As AWS names it. */
function refusal(type: string, message: string): Error {
  return Object.assign(new Error(message), { type });
}

function readAll(): Record<string, Parameter> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, Parameter>) : {};
}

function writeAll(all: Record<string, Parameter>): void {
  writeFileSync(`${file}.new`, JSON.stringify(all), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

interface Put extends Partial<Parameter> {
  Overwrite?: boolean;
}

function putParameter({ Name = "", Type, Value = "", Overwrite = false, Tier = "Standard" }: Put): object {
  const all = readAll();
  const before = all[Name];
  if (Value === "") throw refusal("ValidationException", "Parameter value can't be empty.");
  if (before !== undefined && !Overwrite)
    throw refusal("ParameterAlreadyExists", "The parameter already exists. To overwrite it, set overwrite to true.");
  const type = Type ?? before?.Type;
  if (type === undefined) throw refusal("ValidationException", "A parameter type is required when you create one.");
  const limit = Tier === "Advanced" ? 8192 : 4096;
  if (Buffer.byteLength(Value) > limit)
    throw refusal("ValidationException", `${Tier} tier parameters support a maximum value of ${limit} characters.`);
  const Version = (before?.Version ?? 0) + 1;
  all[Name] = { Name, Type: type, Value, Version, Tier, LastModifiedDate: Date.now() / 1000 };
  writeAll(all);
  return { Version, Tier };
}

function deleteParameter({ Name = "" }: { Name?: string }): object {
  const { [Name]: found, ...others } = readAll();
  if (found === undefined) throw refusal("ParameterNotFound", "");
  writeAll(others);
  return {};
}

function getParameter({ Name = "", WithDecryption = false }: { Name?: string; WithDecryption?: boolean }): object {
  const found = readAll()[Name];
  if (found === undefined) throw refusal("ParameterNotFound", "");
  const hidden = found.Type === "SecureString" && !WithDecryption;
  const Value = hidden ? Buffer.from(`encrypted ${found.Version}`).toString("base64") : found.Value;
  const ARN = `arn:aws:ssm:us-east-1:000000000000:parameter${Name}`;
  return { Parameter: { ...found, Value, ARN, DataType: "text" } };
}

async function answer(incoming: IncomingMessage): Promise<object> {
  const [, key] = /Credential=([^/]+)\//.exec(incoming.headers.authorization ?? "") ?? [];
  if (key === undefined) throw refusal("MissingAuthenticationToken", "Missing Authentication Token");
  if (key === "expired")
    throw refusal("ExpiredTokenException", "The security token included in the request is expired");
  if (key !== "lab")
    throw refusal("UnrecognizedClientException", "The security token included in the request is invalid.");
  const body = JSON.parse(await text(incoming)) as object;
  const action = String(incoming.headers["x-amz-target"]);
  if (action === "AmazonSSM.GetParameter") return getParameter(body);
  if (action === "AmazonSSM.PutParameter") return putParameter(body);
  if (action === "AmazonSSM.DeleteParameter") return deleteParameter(body);
  throw refusal("InvalidAction", `${action} is not there`);
}

createServer((incoming, response) => {
  const send = (status: number, body: object) =>
    response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
  answer(incoming).then(
    (body) => send(200, body),
    ({ message, type }: Error & { type?: string }) =>
      send(type === undefined ? 500 : 400, { __type: type ?? "InternalServerError", message }),
  );
}).listen(Number(port), address);
