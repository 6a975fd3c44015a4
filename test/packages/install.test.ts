import { PackageSource } from "@procyon-os/emulator";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pack, temporary } from "./pack.ts";
import { serve, type Registry } from "./registry.ts";

/** Packs a service that imports others when it is loaded; gives the tarball. */
function packService(name: string, dependencies: readonly string[]): string {
  const folder = temporary(name);
  const imports = dependencies.map((one, at) => `import { word as word${at} } from ${JSON.stringify(one)};`).join("\n");
  writeFileSync(join(folder, "index.js"), `${imports}
    export const word = ${JSON.stringify(name)};
    export const words = () => [word, ${dependencies.map((_, at) => `word${at}`).join(", ")}];
    export const image = { name: ${JSON.stringify(name)}, version: "1.0.0", dataBytes: 4096, stackBytes: 4096, main: function* () {} };
  `);
  const needs = Object.fromEntries(dependencies.map((one) => [one, "^1.0.0"]));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, version: "1.0.0", type: "module", exports: "./index.js", dependencies: needs }));
  return pack(folder, temporary("tarballs"));
}

describe("packages that are installed", () => {
  const registries: Registry[] = [];
  const serving = async (...files: string[]): Promise<string> => {
    const registry = await serve(files);
    registries.push(registry);
    return registry.url;
  };
  let whole: string[];
  beforeAll(() => {
    whole = [packService("shared", []), packService("middle", ["shared"]), packService("first", ["middle", "shared"]), packService("second", ["shared", "middle"])];
  });
  afterAll(() => registries.forEach((one) => one.close()));

  it("are whole for everyone who installs at one moment into one cache", async () => {
    const registry = await serving(...whole);
    const cache = temporary("cache");
    const sources = [0, 1, 2].map(() => new PackageSource({ registry, cache }));
    const loaded = await Promise.all(sources.flatMap((source) => ["first", "second", "middle"].map((name) => source.load(name))));
    expect(loaded.map((one) => (one as { name: string }).name)).toEqual([0, 1, 2].flatMap(() => ["first", "second", "middle"]));
    expect(readdirSync(join(cache, "packages")).map((key) => key.split("@")[0]).sort()).toEqual(["first", "middle", "second", "shared"]);
  });

  it("leave nothing behind where one that is needed cannot be had, and come whole once it can", async () => {
    const [one, two] = [packService("one", ["two"]), packService("two", ["one", "three"])];
    const cache = temporary("cache");
    const without = new PackageSource({ registry: await serving(one, two), cache });
    await expect(without.load("one")).rejects.toThrow("three@^1.0.0: the registry");
    expect(readdirSync(join(cache, "packages"))).toEqual([]);
    const complete = new PackageSource({ registry: await serving(one, two, packService("three", [])), cache });
    expect(await complete.load("two")).toMatchObject({ name: "two" });
    expect(await complete.load("one")).toMatchObject({ name: "one" });
  });

  it("are made whole where something that they need has gone, or was never finished", async () => {
    const cache = temporary("cache");
    const source = new PackageSource({ registry: await serving(...whole), cache });
    await source.load("first");
    const shared = readdirSync(join(cache, "packages")).find((key) => key.startsWith("shared@")) as string;
    const folder = join(cache, "packages", shared);
    rmSync(folder, { recursive: true });
    mkdirSync(join(folder, "node_modules", "shared"), { recursive: true });
    expect(await source.load("second")).toMatchObject({ name: "second" });
    expect(existsSync(join(folder, "node_modules", "shared", "index.js"))).toBe(true);
  });
});
