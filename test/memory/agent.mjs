import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const flags = ["-m32", "-O2", "-march=i386", "-ffreestanding", "-nostdlib", "-static", "-fno-stack-protector", "-fno-pic", "-no-pie", "-w", "-Wl,--build-id=none"];
let file = null;

/** The ELF file of the process that tests move about, `agent.c`. */
export function agentProgram() {
  if (file === null) {
    const output = join(mkdtempSync(join(tmpdir(), "procyon-agent-")), "agent");
    execFileSync("gcc", [...flags, join(import.meta.dirname, "agent.c"), "-o", output]);
    file = new Uint8Array(readFileSync(output));
  }
  return file;
}
