import { expect, test } from "vitest";
import { placeOf } from "../../../src/activities/s3/store.ts";

test.each([
  ["s3://backups@us-east-1/", { bucket: "backups", region: "us-east-1", path: "" }],
  ["s3://backups@eu-central-1/clusters/home/", { bucket: "backups", region: "eu-central-1", path: "clusters/home/" }],
  ["s3://my.bucket/x?backup=1", { bucket: "my.bucket", region: undefined, path: "x/" }],
  ["s3://b@/", { bucket: "b", region: undefined, path: "" }],
])("%s", (url, place) => {
  expect(placeOf(url)).toEqual(place);
});

test.each(["nfs://nas.lan:/backups", "", "cifs://nas/x", "azblob://c@core.windows.net/", "https://minio.lan"])(
  "%s is no S3 store",
  (url) => {
    expect(placeOf(url)).toBeUndefined();
  },
);
