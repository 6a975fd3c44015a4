import { dirname, join } from "node:path";
import { importsOf, type Package, type SourceFile } from "./workspace.ts";

const isContract = (name: string): boolean => name.startsWith("contract-");
const servers = ["vm", "rs", "ds", "pm", "sched", "vfs", "pfs", "mfs", "is", "ipc"];
const drivers = ["tty", "log", "memory", "random", "at-wini", "readclock"];
const forServices = ["message", "syslib", "sef", "driver", "mfs-format"];

/** What a package may depend on: dependencies point one way, and a server knows another only by its contract. */
export function mayDependOn(from: string, to: string): boolean {
  if (from === "message" || from === "hardware" || from === "mfs-format" || from === "tidy") return false;
  if (isContract(from)) return to === "message" || isContract(to);
  if (from === "bus") return to === "message";
  if (from === "kernel") return to === "message" || to === "hardware" || to === "bus" || isContract(to);
  if (from === "syslib") return to === "message" || isContract(to);
  if (from === "sef") return to === "message" || to === "syslib" || isContract(to);
  if (from === "driver") return ["message", "syslib", "sef"].includes(to) || isContract(to);
  if (servers.includes(from) || drivers.includes(from)) return forServices.includes(to) || isContract(to);
  if (from === "userland") return to === "mfs-format";
  if (from === "suites") return ["message", "syslib", "sef"].includes(to) || isContract(to);
  if (from === "service-harness") return ["message", "bus"].includes(to) || isContract(to);
  return from === "emulator" || from === "web" || from === "conformance";
}

/** Dependencies that point the wrong way, and imports that the manifest does not name. */
export function layerProblems(packages: readonly Package[], sources: readonly SourceFile[]): string[] {
  const problems: string[] = [];
  for (const { name, directory, dependencies } of packages) {
    for (const to of dependencies) if (!mayDependOn(name, to)) problems.push(`${directory}: ${name} must not depend on ${to}`);
  }
  for (const { path, text, owner, isTest } of sources) {
    if (isTest) continue;
    for (const to of importsOf(text)) {
      if (!owner.dependencies.includes(to)) problems.push(`${path}: imports ${to}, which is no dependency of ${owner.name}`);
      if (!mayDependOn(owner.name, to)) problems.push(`${path}: ${owner.name} must not import ${to}`);
    }
    const outside = [...text.matchAll(/from "(\.[^"]*)"/g)].some(([, file]) => !join(dirname(path), file as string).startsWith(`${owner.directory}/`));
    if (outside) problems.push(`${path}: imports another package by its path`);
  }
  return problems;
}

/** Whether the sources of a package must not see the host: everything but the applications and the tools. */
export function isDeterministic(name: string): boolean {
  return !["emulator", "web", "userland", "tidy", "conformance"].includes(name);
}
