import { withStateSpec } from "@procyon-os/sef";
import { vm } from "@procyon-os/vm";
import { expect, it } from "vitest";
import { Machine, rootImage } from "./machine.mjs";

/** Versions of VM that differ in what they save, and one that cannot read it. */
const packages = [
  { ...withStateSpec(vm, (spec) => ({ ...spec, version: 2, migrations: { 1: (saved: unknown) => saved } })), name: "vm2", version: "2.0.0" },
  { ...withStateSpec(vm, (spec) => ({ ...spec, migrations: { 2: (saved: unknown) => saved } })), name: "vm1", version: "1.0.0" },
  { ...withStateSpec(vm, (spec) => ({ ...spec, version: 9 })), name: "vm9", version: "9.0.0" },
];
const check = "check: every page has exactly one use\n";

it("[V15] [R07] VM is updated on the running machine, to another version and back; one that cannot take over leaves the old one going", () => {
  const machine: any = new Machine([rootImage({})], { packages });
  const before = machine.service("vm");
  expect(machine.run("sort /etc/passwd >/tmp/a & i=0; while [ $i -lt 5 ]; do service update self -label vm || echo FAILED; i=$((i+1)); done; wait")).toMatchObject({ status: 0 });
  expect(machine.must("memstat --check | tail -1")).toBe(check);
  expect(machine.run("service update vm --package vm9@9.0.0").status).toBe(41);
  expect(machine.must("memstat --check | tail -1")).toBe(check);
  for (const name of ["vm2@2.0.0", "vm1@1.0.0"]) {
    machine.must(`service update vm --package ${name}`);
    expect(machine.must("echo a | cat; memstat --check | tail -1")).toBe(`a\n${check}`);
  }
  expect(machine.messages.match(/RS: vm: update succeeded/g)).toHaveLength(7);
  expect(machine.service("vm")).toEqual(before);
  machine.system.kernel.check();
});
