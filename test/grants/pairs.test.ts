import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Machine, rootImage } from "../services/machine.mjs";
import { pair } from "./pair-suite.ts";

const flags = ["-m32", "-O2", "-march=i386", "-ffreestanding", "-nostdlib", "-static", "-fno-stack-protector", "-fno-pic", "-w", "-Wl,-z,noseparate-code"];

function inC(): Uint8Array {
  const file = join(mkdtempSync(join(tmpdir(), "procyon-pair-")), "pair");
  execFileSync("gcc", [...flags, join(import.meta.dirname, "pair.c"), "-o", file]);
  return new Uint8Array(readFileSync(file));
}
const settings = (label: string): string => `service ${label}\n{\n\tuid 0;\n\tipc ALL_SYS;\n\tsystem BASIC;\n\tvm BASIC;\n};\n`;

it.each([["c", "c"], ["c", "hosted"], ["hosted", "c"], ["hosted", "hosted"]])(
  "[K23] [K25] the steps of the safecopy and safemap suites pass with a %s grantor and a %s requestor, started by the guest's shell", (grantor, requestor) => {
    const program = { c: inC(), hosted: "#!hosted @procyon-os/pair\n" } as { [kind: string]: string | Uint8Array };
    const files = {
      "/sbin/grantor": program[grantor], "/sbin/asker": program[requestor], "/etc/system.conf.d/grantor": settings("grantor"),
      "/etc/system.conf.d/asker": settings("asker"),
    };
    const machine: any = new Machine([rootImage(files as never)], { packages: [pair] } as never);
    machine.must("service up /sbin/grantor");
    const { endpoint } = machine.service("grantor");
    machine.type(`service up /sbin/asker -args ${endpoint}\n`);
    machine.until(() => machine.messages.includes("PAIR: ok done"), "end of the suite", 5000);
    expect(machine.messages).not.toContain("FAIL");
    expect(machine.messages.match(/PAIR: ok/g)).toHaveLength(13);
    machine.must("service down asker");
    machine.must("service down grantor");
  });
