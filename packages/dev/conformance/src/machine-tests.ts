import type { Protocol, ServiceImage } from "@procyon-os/message";
import { beforeAll, describe, expect, it } from "vitest";
import { Machine } from "./machine.ts";
import { nextVersion, withBrokenContract } from "./versions.ts";

const BOOT_TIMEOUT_MS = 120_000;
/** RS calls the boot file server by its label. */
const labels: { readonly [name: string]: string } = { mfs: "fs_imgrd", at_wini: "at_wini_0" };

function describeUpdates(label: string, image: ServiceImage, machine: () => Machine): void {
  const contract = image.contract as Protocol<any> | undefined;

  it("is updated while the system runs, and its clients find it where it was", () => {
    const before = machine().service(label);
    expect(machine().system.update(label, nextVersion(image))).toEqual({ ok: true });
    expect(machine().service(label)?.endpoint).toBe(before?.endpoint);
    expect(machine().run("echo alive")).toBe("alive\n");
  });

  it.skipIf(contract === undefined)("stays where a next version breaks a call, and the call is named", () => {
    const { image: broken, call } = withBrokenContract(image, contract as Protocol<any>);
    const outcome = machine().system.update(label, broken);
    expect(outcome).toMatchObject({ ok: false, error: "EOPNOTSUPP" });
    expect(outcome.ok ? "" : outcome.reason).toContain(`.${call}: the number changed`);
  });

  it("goes on where a next version does not come up", () => {
    const crashing: ServiceImage = { ...nextVersion(nextVersion(image)), main: function* () { throw new Error("this version crashes"); } };
    expect(machine().system.update(label, crashing).ok).toBe(false);
    expect(machine().run("echo alive")).toBe("alive\n");
  });
}

function describeRecovery(label: string, machine: () => Machine): void {
  it("is there again after it was killed, at the same endpoint", () => {
    const before = machine().service(label);
    machine().run(`kill -9 ${before?.pid}`);
    machine().pass(3);
    expect(machine().service(label)?.endpoint).toBe(before?.endpoint);
    expect(machine().run("echo alive")).toBe("alive\n");
  });
}

function describeStoredValues(image: ServiceImage, machine: () => Machine): void {
  it("keeps what was published over an update and over a crash", () => {
    expect(machine().probe("publish", "conformance", 4711)).toBe("0");
    expect(machine().system.update("ds", nextVersion(nextVersion(nextVersion(image))))).toEqual({ ok: true });
    expect(machine().probe("retrieve", "conformance")).toBe("4711");
    machine().run(`kill -9 ${machine().service("ds")?.pid}`);
    machine().pass(3);
    expect(machine().probe("retrieve", "conformance")).toBe("4711");
    expect(machine().probe("retrieve", "nothing")).toBe("ESRCH");
  });
}

/** On a machine that the service is part of from the start. */
export function describeOnMachine(name: string, image: ServiceImage, replaceable: boolean): void {
  describe("on a machine", () => {
    const label = labels[name] ?? name;
    let started: Machine;
    const machine = (): Machine => started;
    beforeAll(() => {
      started = new Machine({ [name]: image });
    }, BOOT_TIMEOUT_MS);

    it("boots to a shell with it", () => {
      expect(machine().run("echo alive")).toBe("alive\n");
      expect(machine().service(label)).not.toBeNull();
    });
    if (replaceable) {
      describeUpdates(label, image, machine);
      if (name === "ds") describeStoredValues(image, machine);
      describeRecovery(label, machine);
    }
  });
}
