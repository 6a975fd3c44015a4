import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { closure, layOut, root, temporary, workspacePackages } from "./pack.ts";

/** Packages of other people, where this workspace has them. */
const others: readonly (readonly [name: string, from: string])[] = [
  ["commander", "apps/emulator"], ["pacote", "apps/emulator"], ["semver", "apps/emulator"], ["vitest", "."], ["@msgpack/msgpack", "test"],
];

/** What a command left. */
export interface Outcome {
  readonly output: string;
  readonly status: number | null;
}

/** A folder outside the workspace with our packages as they would be published, as `npm install` leaves them. */
export class Stranger {
  readonly folder: string;

  constructor(packages: readonly string[] = ["@procyon-os/conformance"]) {
    this.folder = temporary("stranger");
    const folders = workspacePackages();
    const modules = join(this.folder, "node_modules");
    for (const name of closure(packages)) {
      const target = join(modules, name);
      mkdirSync(dirname(target), { recursive: true });
      renameSync(layOut(folders.get(name) as string, temporary("layout")), target);
    }
    for (const [name, from] of others) {
      const target = join(modules, name);
      mkdirSync(dirname(target), { recursive: true });
      if (existsSync(join(root, from, "node_modules", name))) symlinkSync(join(root, from, "node_modules", name), target, "dir");
    }
    writeFileSync(join(this.folder, "package.json"), JSON.stringify({ name: "stranger", private: true, type: "module" }));
  }

  /** Copies a folder of the workspace in here. */
  copy(from: string, to: string): string {
    const target = join(this.folder, to);
    for (const entry of readdirSync(join(root, from)).filter((name) => name !== "node_modules")) cpSync(join(root, from, entry), join(target, entry), { recursive: true });
    return target;
  }

  /** Writes a file. */
  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** Runs a command, where `npx vitest` and `npx procyon` are the installed ones. */
  run(command: string, directory = this.folder): Promise<Outcome> {
    const bins = { vitest: join(this.folder, "node_modules/vitest/vitest.mjs"), procyon: join(this.folder, "node_modules/@procyon-os/emulator/bin/procyon.mjs") };
    const ready = command.replace(/\bnpx (vitest|procyon)\b/g, (_, name: "vitest" | "procyon") => `"${process.execPath}" "${bins[name]}"`);
    const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST") && name !== "NODE_OPTIONS" && name !== "TEST"));
    return new Promise((resolve) => {
      const child = spawn("sh", ["-c", ready], { cwd: directory, env: { ...environment, CI: "1", NO_COLOR: "1" }, stdio: ["ignore", "pipe", "pipe"] });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => void (output += text));
      child.on("close", (status) => resolve({ output, status }));
    });
  }
}
