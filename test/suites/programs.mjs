// Programs and services in C for the guest, of tests: compiled with the userland's own libraries when a test wants them.
import { join, relative } from "node:path";
import { compile, packageRoot } from "../../packages/userland/build/compile.mjs";

/** The ELF files of `NAME.c` in this folder, by name. */
export async function programs(names) {
  return compile(names.map((name) => ({ name, sources: [relative(packageRoot, join(import.meta.dirname, `${name}.c`))] })));
}

/** What /etc/system.conf.d says of a service; `more`: lines of its own. */
export const settings = (name, more = "") => `service ${name}\n{\n\tuid 0;\n\tipc ALL_SYS;\n\tsystem BASIC;\n\tvm BASIC;\n${more}};\n`;

/** The same program with other definitions: `{ "counter2": ["counter", "VERSION=2"] }`. */
export async function variants(list) {
  return compile(Object.entries(list).map(([name, [source, ...defines]]) => ({ name, defines, sources: [relative(packageRoot, join(import.meta.dirname, `${source}.c`))] })));
}
