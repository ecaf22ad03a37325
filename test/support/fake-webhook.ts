import { createServer } from "node:https";
import { json } from "node:stream/consumers";

/** Admission webhooks by path, in a cluster's network: `KEY=… CERT=… node fake-webhook.ts PORT`. /refuses says no, /late nothing. */

const { KEY: key = "", CERT: cert = "" } = process.env;

createServer({ key, cert }, (request, response) => {
  if (request.url?.startsWith("/late") === true) return;
  void json(request).then((review) => {
    const { uid } = (review as { request: { uid: string } }).request;
    const status = { message: "every pod needs an owner" };
    const answer = {
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid, allowed: false, status },
    };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
}).listen(Number(process.argv[2]), "127.0.0.1");
