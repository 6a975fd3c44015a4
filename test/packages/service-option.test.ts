import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { procyon } from "../support/cli.ts";
import { serverInC } from "./server-in-c.ts";
import { closure, pack, root, temporary, workspacePackages } from "./pack.ts";
import { serve, type Registry } from "./registry.ts";

let registry: Registry;
let tarballs: string;
let cache: string;

/** Makes a next version out of DS as it is: its greeting in the kernel's messages tells which one runs. */
const saying = (text: string) => (folder: string): void => {
  const file = join(folder, "dist/main.js");
  const source = readFileSync(file, "utf8");
  writeFileSync(file, source.replace(/(const store = yield\* sefStartup\([^;]*;)/, `$1 yield* printf("${text}\\n");`));
};
const broken = (folder: string): void => {
  const file = join(folder, "dist/main.js");
  writeFileSync(file, readFileSync(file, "utf8").replace("contract: dsContract", "contract: { ...dsContract, calls: { ...dsContract.calls, publish: { ...dsContract.calls.publish, number: 77 } } }"));
};

beforeAll(async () => {
  tarballs = temporary("tarballs");
  cache = temporary("cache");
  const folders = workspacePackages();
  const ds = folders.get("@procyon-os/ds") as string;
  const files = closure(["@procyon-os/ds"]).map((name) => pack(folders.get(name) as string, tarballs));
  files.push(pack(ds, tarballs, { version: "0.1.1", edit: saying("ds: version 0.1.1") }), pack(ds, tarballs, { version: "0.2.0", edit: broken }));
  registry = await serve(files);
});
afterAll(() => registry.close());

const boot = (...args: string[]) => procyon(["boot", ...args, "--exec", "service lookup ds"]);

describe("procyon boot --service", () => {
  it("[E04] runs a package of a registry, by name and range, with its own dependencies", async () => {
    const outcome = await boot("--registry", registry.url, "--package-cache", cache, "--service", "ds=@procyon-os/ds@~0.1.0");
    expect(outcome).toMatchObject({ status: 0, stdout: "6\n" });
    const console = await procyon(["boot", "--registry", registry.url, "--package-cache", cache, "--service", "ds=@procyon-os/ds@0.1.1"], "service lookup ds\n");
    expect(console.stderr).toContain("ds: version 0.1.1");
  });

  it("runs a folder, a tarball and the tarball's dependencies", async () => {
    expect(await boot("--service", `ds=${join(root, "packages/servers/ds")}`)).toMatchObject({ status: 0, stdout: "6\n" });
    expect(await boot("--registry", registry.url, "--service", `ds=${join(tarballs, "procyon-os-ds-0.1.1.tgz")}`)).toMatchObject({ status: 0, stdout: "6\n" });
  });

  it("[E04] runs a server that was compiled from C, an ELF file that knows nothing of us", async () => {
    expect(await procyon(["boot", "--service", `log=${serverInC()}`, "--exec", "service lookup log"])).toMatchObject({ status: 0, stdout: "4\n" });
  });

  it("[E04] refuses a package whose contract breaks a call, before the machine starts, and names the call", async () => {
    const outcome = await boot("--registry", registry.url, "--package-cache", cache, "--service", "ds=@procyon-os/ds@0.2.0");
    expect(outcome).toMatchObject({ status: 2, stdout: "" });
    expect(outcome.stderr).toContain("ds.publish: the number changed from 2048 to 2125");
    const wrong = await boot("--service", `log=${join(root, "packages/servers/ds")}`);
    expect(wrong.stderr).toContain("char: it is the contract ds, not char");
  });

  it.each([
    ["ds", "NAME=PACKAGE is wanted"],
    ["nothing=@procyon-os/ds", "there is no service nothing; there are at_wini, ds"],
    ["ds=./nowhere", "there is no such file or folder"],
    ["ds=@procyon-os/nowhere", "has no such package"],
    ["ds=@procyon-os/ds@9.9.9", "has no such version"],
    ["ds=./package.json.tgz", "there is no such file"],
    [`ds=${root}packages/message`, "it exports no service"],
  ])("says what is wrong with %s", async (option, text) => {
    const outcome = await boot("--registry", registry.url, "--service", option);
    expect(outcome.status).toBe(2);
    expect(outcome.stderr).toContain(text);
    expect(outcome.stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe("service update in the guest", () => {
  it("[E04] updates to a package that the host has fetched when it was asked for, and refuses one that breaks a call", async () => {
    const script = "service update ds --package @procyon-os/ds@0.1.1; echo first $?; service update ds --package @procyon-os/ds@0.2.0; echo second $?; service lookup ds\n";
    const outcome = await procyon(["boot", "--registry", registry.url, "--package-cache", cache], script);
    expect(outcome.stderr).toContain("RS: ds: update succeeded");
    expect(outcome.stderr).toContain("ds: version 0.1.1");
    expect(outcome.stderr).toContain("@procyon-os/ds@0.2.0 cannot replace @procyon-os/ds@0.1.1: ds.publish: the number changed from 2048 to 2125");
    expect(outcome.stdout).toContain("first 0");
    expect(outcome.stdout).toContain("second 76");
  });

  it("fetches nothing where the host has not said from where", async () => {
    const outcome = await procyon(["boot", "--exec", "service update ds --package @procyon-os/ds@0.1.1; echo status $?"]);
    expect(outcome.stdout).toBe("status 2\n");
    expect(outcome.stderr).toContain("No such file or directory");
  });
});
