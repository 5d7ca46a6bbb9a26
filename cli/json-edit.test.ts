import { describe, expect, it } from "vitest";
import { appendToList } from "./json-edit.ts";

describe("adding to a list in JSON text", () => {
  const path = ["sources", "shop", "epochs"];

  it("makes the list where there is none, in the style of the members around it", () => {
    const json = '{\n  "sources": {\n    "shop": {\n      "kind": "mariadb"\n    }\n  }\n}\n';
    const edited = appendToList(json, path, "T1");
    expect(edited).toBe(
      '{\n  "sources": {\n    "shop": {\n      "epochs": ["T1"],\n      "kind": "mariadb"\n    }\n  }\n}\n',
    );
    expect(appendToList(edited, path, "T2")).toContain('"epochs": ["T1", "T2"],');
  });

  it("leaves every other byte as it is, also in texts that look like JSON", () => {
    const json = '{"a\\"}":["]", {"sources":1}],  "sources" : {"x":{}, "shop":{"log":"{\\\\", "epochs":[ ]}}}';
    const edited = appendToList(json, path, "T");
    expect(edited).toBe(
      '{"a\\"}":["]", {"sources":1}],  "sources" : {"x":{}, "shop":{"log":"{\\\\", "epochs":["T" ]}}}',
    );
    expect(JSON.parse(edited).sources.shop).toEqual({ log: "{\\", epochs: ["T"] });
  });
});
