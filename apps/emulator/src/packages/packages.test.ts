import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, m1, protocol, u32, type ServiceImage } from "@procyon-os/message";
import { describe, expect, it } from "vitest";
import { imageOf, loadImage, loadImageNow } from "./load-image.ts";
import { OPERATOR_REQUEST, OPERATOR_RESULT, OPERATOR_STATUS, OperatorPort } from "./operator-port.ts";
import { PackageShelf } from "./package-shelf.ts";
import { parseName, parseReference } from "./reference.ts";
import { checkRequirements } from "./requirements.ts";

const folder = mkdtempSync(join(tmpdir(), "procyon-unit-"));
const image = (name: string, version: string, more: Partial<ServiceImage> = {}): ServiceImage => ({ name, version, dataBytes: 0, stackBytes: 0, main: function* () {}, ...more });

describe("a reference", () => {
  it.each([
    ["ds", { name: "ds", range: "latest" }],
    ["@acme/ds", { name: "@acme/ds", range: "latest" }],
    ["@acme/ds@^1.2", { name: "@acme/ds", range: "^1.2" }],
    ["ds@", null], ["@acme", null], ["Bad Name", null], ["../ds", null],
  ])("%s is a name of a registry, or is not", (text, expected) => expect(parseName(text)).toEqual(expected));

  it("is a path where it looks like one, and must then exist", () => {
    writeFileSync(join(folder, "x.elf"), Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 1));
    writeFileSync(join(folder, "x.tgz"), "");
    writeFileSync(join(folder, "text.txt"), "no program");
    expect(parseReference("./x.elf", folder)).toEqual({ kind: "elf", path: join(folder, "x.elf") });
    expect(parseReference("x.tgz", folder)).toEqual({ kind: "tarball", path: join(folder, "x.tgz") });
    expect(parseReference(".", folder)).toEqual({ kind: "folder", path: folder });
    expect(() => parseReference("./text.txt", folder)).toThrow("neither a package's folder");
    expect(() => parseReference("./none", folder)).toThrow("no such file or folder");
  });
});

describe("the image of a package", () => {
  const manifest = { name: "mine", version: "3.2.1" };

  it("is the export image, or the only one, under the manifest's name and version", () => {
    expect(imageOf({ image: image("a", "1.0.0"), other: image("b", "1.0.0") }, manifest)).toMatchObject(manifest);
    expect(imageOf({ ds: image("a", "1.0.0"), check: () => {} }, manifest)).toMatchObject(manifest);
    expect(() => imageOf({ a: image("a", "1.0.0"), b: image("b", "1.0.0") }, manifest)).toThrow("several services (a, b)");
    expect(() => imageOf({ image: { name: "a", version: "1.0.0", dataBytes: -1, stackBytes: 0, main() {} } }, manifest)).toThrow("exports no service");
  });

  it("is found by main, by exports and by conditions, at once or not", async () => {
    const code = 'export const image = { name: "x", version: "0.0.0", dataBytes: 1, stackBytes: 2, *main() {} };';
    for (const [name, entry] of Object.entries({ a: { main: "lib/m.js" }, b: { exports: "./lib/m.js" }, c: { exports: { ".": { types: "./m.d.ts", import: { default: "./lib/m.js" } } } } })) {
      const here = join(folder, name);
      mkdirSync(join(here, "lib"), { recursive: true });
      writeFileSync(join(here, "package.json"), JSON.stringify({ name, version: "1.0.0", type: "module", ...entry }));
      writeFileSync(join(here, "lib/m.js"), code);
      expect(await loadImage(here)).toMatchObject({ name, version: "1.0.0", dataBytes: 1 });
      expect(loadImageNow(here)).toMatchObject({ name, stackBytes: 2 });
    }
  });

  it("is missed with a reason", async () => {
    await expect(loadImage(join(folder, "a/lib"))).rejects.toThrow("there is no package.json");
    const here = join(folder, "unbuilt");
    mkdirSync(here);
    writeFileSync(join(here, "package.json"), JSON.stringify({ name: "unbuilt", version: "1.0.0", type: "module", exports: "./dist/index.js" }));
    await expect(loadImage(here)).rejects.toThrow("is the package built?");
  });
});

it("a shelf asks for what it has not, once, and keeps the answer", () => {
  const asked: string[] = [];
  const shelf = new PackageShelf({ ds: image("ds", "1.0.0") }, [image("ds", "2.0.0")], (reference) => {
    asked.push(reference);
    return reference.startsWith("new") ? image("new", "1.5.0") : null;
  });
  expect(shelf.find("ds")).toMatchObject({ version: "1.0.0" });
  expect(shelf.find("ds@2.0.0")).toMatchObject({ version: "2.0.0" });
  expect(shelf.find("new@^1")).toBe(shelf.find("new@^1"));
  expect(shelf.find("new@1.5.0")).toMatchObject({ version: "1.5.0" });
  expect(shelf.find("none")).toBeNull();
  expect(asked).toEqual(["new@^1", "none"]);
});

describe("requirements between services", () => {
  const contract = protocol({ name: "box", version: "1.3.0", base: 0, calls: { get: call(0, { about: "Gets.", request: { key: m1.i1(u32) }, reply: {}, repeatable: true, errors: {} }) } });
  const box = image("box", "9.0.0", { contract });
  const wants = (version: string): ServiceImage => image("user", "1.0.0", { requires: [{ name: "box", version }] });

  it("are met by a version in the range", async () => {
    await expect(checkRequirements({ box, user: wants("^1.2.0") })).resolves.toBeUndefined();
    await expect(checkRequirements({ user: wants("^1.2.0") })).resolves.toBeUndefined();
  });
  it("stop a machine in which they are not met", async () => {
    await expect(checkRequirements({ box, user: wants("^2.0.0") })).rejects.toThrow("user@1.0.0 requires the contract box ^2.0.0, and box@9.0.0 provides 1.3.0");
    await expect(checkRequirements({ box, user: wants("soon") })).rejects.toThrow("no range of versions");
  });
});

it("the operator's port gives a request byte by byte and takes a result of four, and both are in its snapshot", () => {
  let edges = 0;
  const line = { raise() {}, lower() {}, pulse: () => void edges++ };
  const port = new OperatorPort(line);
  const results: number[] = [];
  port.onResult = (result) => void results.push(result);
  port.request(["ds", "x"]);
  expect([edges, port.in8(OPERATOR_STATUS), port.in8(OPERATOR_REQUEST)]).toEqual([1, 1, 0x64]);
  const copy = new OperatorPort(line);
  copy.restore(port.snapshot());
  let text = "";
  while (copy.in8(OPERATOR_STATUS) === 1) text += String.fromCharCode(copy.in8(OPERATOR_REQUEST));
  expect(text).toBe("s\0x\0\n");
  for (const byte of [0xb4, 0xff, 0xff, 0xff]) port.out8(OPERATOR_RESULT, byte);
  expect(results).toEqual([-76]);
});
