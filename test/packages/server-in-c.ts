import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root, temporary } from "./pack.ts";

const flags = ["-m32", "-O2", "-march=i386", "-ffreestanding", "-nostdlib", "-static", "-fno-stack-protector", "-fno-pic", "-w"];

/** Compiles `test/packages/c/server.c` and gives the path of the ELF file. */
export function serverInC(): string {
  const file = join(temporary("c"), "server.elf");
  execFileSync("gcc", [...flags, join(root, "test/packages/c/server.c"), "-o", file]);
  return file;
}
