import { afterEach, beforeEach, expect, it } from "vitest";
import { clusterOf, clusterShape } from "./cluster-config.ts";

const before = process.env.COUNTERCHECK_CLUSTER;
beforeEach(() => {
  delete process.env.COUNTERCHECK_CLUSTER;
});
afterEach(() => {
  delete process.env.CLUSTER_PASSWORD;
  if (before !== undefined) process.env.COUNTERCHECK_CLUSTER = before;
});

const config = { file: "c.json", cluster: { url: "http://configured:8081" } };

it("an option says where the cluster is before the environment does, and that before the configuration", () => {
  expect(clusterOf({ config }).url).toBe("http://configured:8081");
  process.env.COUNTERCHECK_CLUSTER = "http://in-environment:8081/";
  expect(clusterOf({ config }).url).toBe("http://in-environment:8081");
  expect(clusterOf({ config, option: "https://flink.example/base/" }).url).toBe("https://flink.example/base");
});

it("nothing says where, or something says no address", () => {
  expect(() => clusterOf({})).toThrow(/No cluster is named/);
  expect(() => clusterOf({ option: "127.0.0.1:8081" })).toThrow(/--cluster is 127\.0\.0\.1:8081; expected a URL/);
  expect(() => clusterOf({ option: "http://ada:s3cret@flink:8081" })).toThrow(/^(?!.*s3cret).*no user in it/);
});

it("who asks is the configuration's, and is never told in the clear", () => {
  process.env.CLUSTER_PASSWORD = "s3cret";
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference
  const auth = { user: "ada", password: "${env:CLUSTER_PASSWORD}" };
  const secured = { file: "c.json", cluster: { url: "https://flink.example", auth } };
  expect(clusterOf({ config: secured }).credentials).toEqual({ user: "ada", password: "s3cret" });
  const wire = { option: "http://flink.example", config: secured };
  expect(() => clusterOf(wire)).toThrow(/the password would go to flink\.example/);
});

it("the configuration takes no password itself, and no certificates for plain HTTP", () => {
  const problems = (cluster: object) => clusterShape.safeParse(cluster).error?.issues.map(({ path }) => path.join("."));
  expect(problems({ url: "https://flink", auth: { user: "ada", password: "s3cret" } })).toEqual(["auth.password"]);
  expect(problems({ url: "http://flink", tls: { ca: "ca.pem" } })).toEqual(["tls"]);
  expect(problems({ url: "https://ada@flink" })).toEqual(["url"]);
  expect(problems({ url: "ftp://flink" })).toEqual(["url"]);
});
