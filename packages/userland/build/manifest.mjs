// What the root file system holds: programs, directories, devices, hosted services, links. Plain files are in root/.
import { basename } from "node:path";
import { filesUnder } from "./compile.mjs";

/** Programs that do not live in /bin. */
const places = { suites: "/usr/tests/safecopy", shutdown: "/sbin/shutdown", mknod: "/sbin/mknod" };

const shell = filesUnder("src/sh").filter((name) => name.endsWith(".c"));
const tools = filesUnder("src/bin").filter((name) => name.endsWith(".c")).map((source) => ({ name: basename(source, ".c"), sources: [source], defines: ["TEST_PROGRAM"] }));

export const programs = [
  { name: "init", sources: ["src/init/init.c"] }, { name: "sh", sources: shell },
  { name: "suites", sources: filesUnder("src/suites").filter((name) => name.endsWith(".c")) },
  { name: "service", sources: ["src/service/service.c", "src/service/config.c", "src/service/grammar.c"] },
  { name: "printconfig", sources: ["src/service/printconfig.c", "src/service/config.c", "src/service/grammar.c"] }, ...tools,
];
export const placeOf = (name) => places[name] ?? `/bin/${name}`;

export const directories = [
  ["/bin", 0o755], ["/sbin", 0o755], ["/etc", 0o755], ["/dev", 0o755], ["/root", 0o700], ["/home", 0o755], ["/mnt", 0o755], ["/proc", 0o755],
  ["/tmp", 0o1777], ["/usr", 0o755], ["/usr/bin", 0o755], ["/usr/sbin", 0o755], ["/usr/lib", 0o755], ["/usr/tests", 0o755], ["/usr/tests/hosted", 0o755], ["/var", 0o755], ["/var/tmp", 0o1777],
];

/** More names of a program: [existing, new]. */
export const links = [
  ["/bin/test", "/bin/["], ["/sbin/shutdown", "/sbin/reboot"], ["/sbin/shutdown", "/sbin/halt"], ["/sbin/shutdown", "/sbin/poweroff"],
  ["/bin/service", "/sbin/service"], ["/bin/mount", "/sbin/mount"], ["/bin/umount", "/sbin/umount"], ["/bin/od", "/bin/hexdump"],
  ...["safemap", "safeperf", "dstest", "grants", "chain"].map((suite) => ["/usr/tests/safecopy", `/usr/tests/${suite}`]),
  ["/bin/grep", "/bin/egrep"], ["/bin/grep", "/bin/fgrep"],
];

const disk = (name, first) => [[name, "b", 3, first, 0o600], ...[0, 1, 2, 3].map((part) => [`${name}p${part}`, "b", 3, first + 1 + part, 0o600])];

/** [name in /dev, kind, major, minor, permissions]: reference/posix-abi.md 4.6. */
export const devices = [
  ["console", "c", 4, 0, 0o620], ["tty", "c", 5, 0, 0o666], ["tty00", "c", 4, 16, 0o620], ["tty01", "c", 4, 17, 0o620], ["log", "c", 4, 15, 0o222],
  ["null", "c", 1, 3, 0o666], ["zero", "c", 1, 5, 0o666], ["mem", "c", 1, 1, 0o640], ["kmem", "c", 1, 2, 0o640],
  ["ram", "b", 1, 0, 0o600], ["boot", "b", 1, 4, 0o600], ["imgrd", "b", 1, 6, 0o600], ["klog", "c", 15, 0, 0o600],
  ...disk("c0d0", 0), ...disk("c0d1", 5), ["random", "c", 16, 0, 0o644], ["urandom", "c", 16, 0, 0o644], ["uds", "c", 18, 0, 0o666],
];

/** Services that are packages: file, package. */
export const hosted = [
  ...["safecopy", "safemap", "safeperf", "dstest", "grants", "chain"].map((suite) => [`/usr/tests/hosted/${suite}`, "suites"]),
  ...[
  ["at_wini", "at-wini"], ["mfs", "mfs"], ["tty", "tty"], ["log", "log"], ["memory", "memory"], ["readclock", "readclock"], ["pm", "pm"], ["vfs", "vfs"],
  ["ds", "ds"], ["rs", "rs"], ["vm", "vm"], ["sched", "sched"], ["pfs", "pfs"], ["is", "is"],
  ].map(([file, name]) => [`/sbin/${file}`, name]),
];
