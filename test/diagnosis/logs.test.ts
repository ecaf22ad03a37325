import { expect, test } from "vitest";
import { complaintOf } from "../../src/diagnosis/logs.ts";

/** Last words of real programs. */
test.each([
  ["dial tcp: lookup db on 10.96.0.10:53: no such host", "host", "db"],
  ["dial tcp: lookup db.shop.svc.cluster.local: i/o timeout", "host", "db.shop.svc.cluster.local"],
  ['psql: error: could not translate host name "postgres" to address: Name or service not known', "host", "postgres"],
  ["Error: getaddrinfo ENOTFOUND redis-master", "host", "redis-master"],
  ["Error: getaddrinfo EAI_AGAIN redis-master", "host", "redis-master"],
  ["** server can't find db.shop.svc.cluster.local: NXDOMAIN", "host", "db.shop.svc.cluster.local"],
  ["wget: bad address 'db:5432'", "host", "db"],
  ["curl: (6) Could not resolve host: api.example.com", "host", "api.example.com"],
  ["java.net.UnknownHostException: kafka-0.kafka", "host", "kafka-0.kafka"],
  ["dial tcp 10.96.0.7:5432: connect: connection refused", "peer", "10.96.0.7"],
  ['connection to server at "db" (10.96.0.7), port 5432 failed: Connection refused', "peer", "db"],
  ["Error: connect ECONNREFUSED 10.96.0.7:6379", "peer", "10.96.0.7"],
  ["nc: can't connect to remote host (10.96.0.7): Connection refused", "peer", "10.96.0.7"],
  ["Connection to db:5432 refused. Check that the hostname and port are correct", "peer", "db"],
  ["curl: (7) Failed to connect to db port 5432 after 2 ms: Couldn't connect: connection refused", "peer", "db"],
  ["db:5432 - no response", "peer", "db"],
  [
    'pods is forbidden: User "system:serviceaccount:shop:setup" cannot list resource "pods" in API group "" in the namespace "shop"',
    "right",
    'User "system:serviceaccount:shop:setup" cannot list resource "pods" in API group "" in the namespace "shop"',
  ],
])("%s", (line, kind, of) => {
  expect(complaintOf(["starting", line])).toMatchObject({ kind, of, line });
});

test.each([
  "listening on 127.0.0.1:8080",
  "connect ECONNREFUSED 127.0.0.1:5432",
  "could not find the file",
  "user not found: alice",
  "connected to db:5432",
])("%s is no complaint about others", (line) => {
  expect(complaintOf([line])).toBeUndefined();
});

test("the last complaint counts", () => {
  expect(complaintOf(["wget: bad address 'a'", "wget: bad address 'b'", "giving up"])).toMatchObject({ of: "b" });
});
