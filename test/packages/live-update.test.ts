import { Machine, nextVersion } from "@procyon-os/conformance";
import { ds } from "@procyon-os/ds";
import { HARDWARE, ok, type Program, type ServiceImage } from "@procyon-os/message";
import { sefStartup, stateSpec } from "@procyon-os/sef";
import { receive } from "@procyon-os/syslib";
import { defaultServices, PackageSource } from "@procyon-os/emulator";
import { MemoryDisk } from "@procyon-os/hardware";
import { MemoryStore, openImage } from "@procyon-os/mfs-format";
import { loadRootImage } from "@procyon-os/userland";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { serverInC } from "./server-in-c.ts";
import { closure, pack, temporary, workspacePackages } from "./pack.ts";
import { serve, type Registry } from "./registry.ts";
import { Stranger } from "./stranger.ts";

describe("[E04] a consumer of published packages", () => {
  let registry: Registry;
  beforeAll(async () => {
    const folders = workspacePackages();
    const tarballs = temporary("tarballs");
    const folder = folders.get("@procyon-os/ds") as string;
    const change = (from: string, to: string) => (out: string): void => {
      const file = join(out, "dist/main.js");
      const text = readFileSync(file, "utf8");
      if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
      writeFileSync(file, text.replace(from, to));
    };
    registry = await serve([
      ...closure(["@procyon-os/ds"]).map((name) => pack(folders.get(name) as string, tarballs)),
      pack(folder, tarballs, { version: "0.2.0", edit: change("contract: dsContract", "contract: { ...dsContract, version: '0.2.0' }") }),
      pack(folder, tarballs, { version: "1.0.0", edit: change("contract: dsContract", "contract: { ...dsContract, base: 0x900 }") }),
    ]);
  });
  afterAll(() => registry.close());

  it("boots with one version, updates to the next, rolls back, and is refused one that breaks a call", async () => {
    const stranger = new Stranger(["@procyon-os/conformance"]);
    stranger.write("consumer.mjs", `
      import { Machine } from "@procyon-os/conformance";
      import { PackageSource } from "@procyon-os/emulator";
      const source = new PackageSource({ registry: process.argv[2] });
      const [one, two, bad] = await Promise.all(["0.1.0", "^0.2.0", "1.x"].map((range) => source.load("@procyon-os/ds@" + range)));
      const machine = new Machine({ ds: one });
      const say = (...words) => console.log(JSON.stringify(words));
      say("published", machine.probe("publish", "kept", 7));
      say(two.version, machine.system.update("ds", two), machine.probe("retrieve", "kept"));
      say(one.version, machine.system.update("ds", one), machine.probe("retrieve", "kept"));
      const refused = machine.system.update("ds", bad);
      say(bad.version, refused.error, refused.reason.includes("ds.publish: the number changed from 2048 to 2304"), machine.probe("retrieve", "kept"));
      source.close();
    `);
    const { output, status } = await stranger.run(`node consumer.mjs ${registry.url}`);
    expect(output.trim().split("\n")).toEqual([
      '["published","0"]',
      '["0.2.0",{"ok":true},"7"]',
      '["0.1.0",{"ok":true},"7"]',
      '["1.0.0","EOPNOTSUPP",true,"7"]',
    ]);
    expect(status).toBe(0);
  });

  it("is told where the tarball is not what the registry had announced", async () => {
    const file = pack(workspacePackages().get("@procyon-os/ds") as string, temporary("tarballs"));
    const crooked = await serve([file], { forge: true });
    const source = new PackageSource({ registry: crooked.url });
    await expect(source.load("@procyon-os/ds")).rejects.toThrow("not what it had announced");
    source.close();
    crooked.close();
  });
});

describe("an update from code", () => {
  let machine: Machine;
  beforeAll(() => {
    machine = new Machine();
    machine.probe("publish", "kept", 7);
  });
  let number = 0;
  beforeEach(() => {
    number++;
  });
  const version = (main: ServiceImage["main"]): ServiceImage => ({ ...nextVersion(ds), version: `0.9.${number}`, main });

  it.each<[string, (args: readonly string[]) => Program<unknown>]>([
    ["throws at once", function* () { throw new Error("broken"); }],
    ["ends at once", function* () {}],
    ["waits for something that never comes", function* () { for (;;) yield* receive(HARDWARE); }],
    ["knows no way from the state that is there", function* () {
      yield* sefStartup(stateSpec<null>({ name: "ds", version: 7, saved: true }), { *initFresh() { return ok(null); } });
    }],
    ["throws at its first request of the kernel", function* (args) { yield (ds.main(args).next() as { value: never }).value; throw new Error("broken later"); }],
  ])("[R07] keeps the old version and its values where the new one %s", (_, main) => {
    const outcome = machine.system.update("ds", version(main));
    expect(outcome).toMatchObject({ ok: false, error: expect.stringMatching(/ERESTART|EINTR/) });
    expect(machine.probe("retrieve", "kept")).toBe("7");
  });

  it("says so where there is no such service, no operator, or no such label", () => {
    expect(machine.system.update("nobody", ds)).toMatchObject({ ok: false, error: "ESRCH" });
    expect(() => machine.system.update("no label", ds)).toThrow("is no label");
    const without = new Machine({}, { operator: false });
    expect(() => without.system.update("ds", ds)).toThrow("operator: true");
    expect(without.service("operator")).toBeNull();
  });

  it("[E04] lets a package stand in the guest under one name only, whatever it contains", () => {
    const other: ServiceImage = { ...nextVersion(ds) };
    expect(machine.system.shelf.add(nextVersion(ds))).not.toBe(machine.system.shelf.add(other));
    expect(machine.system.shelf.find("@procyon-os/ds@0.1.0")).toMatchObject({ version: "0.1.0" });
    expect(machine.system.shelf.find("@procyon-os/nobody")).toBeNull();
  });

  it("is part of the run: the same seed and the same requests give the same trace", () => {
    const trace = (): string => {
      const one = new Machine({}, { trace: true, seed: 5 });
      expect(one.system.update("ds", nextVersion(ds))).toEqual({ ok: true });
      one.run("echo done");
      return one.system.kernel.traceHash();
    };
    expect(trace()).toBe(trace());
  });
});

describe("an update across kinds of programs", () => {
  const image = (): Uint8Array => {
    const store = new MemoryStore(loadRootImage());
    const file = new Uint8Array(readFileSync(serverInC()));
    openImage(store).writeFile("/sbin/cserver", file, { mode: 0o755, uid: 0, gid: 0, mtime: 0 });
    return store.bytes;
  };

  it("[E04] puts a server that was compiled from C in the place of a hosted one", () => {
    const machine = new Machine({}, { disks: [new MemoryDisk(image())] });
    const before = machine.service("log");
    machine.run("echo 'service cserver { uid 0; ipc ALL; system BASIC; vm BASIC; sigmgr rs; scheduler sched; priority 2; quantum 50; };' > /tmp/c.conf");
    expect(machine.run("service update /sbin/cserver -label log -config /tmp/c.conf; echo status $?")).toContain("status 0");
    expect(machine.service("log")).toMatchObject({ endpoint: before?.endpoint });
    expect(machine.probe("send", 4, 0x505)).toBe("ENOSYS (-38)");
  });

  it("lets a C server that never says that it is ready go on", () => {
    const machine = new Machine({ log: new Uint8Array(readFileSync(serverInC())) });
    expect(machine.system.update("log", defaultServices["log"] as ServiceImage)).toMatchObject({ ok: false, error: "EINTR" });
    expect(machine.probe("send", 4, 0x505)).toBe("ENOSYS (-38)");
  });
});
