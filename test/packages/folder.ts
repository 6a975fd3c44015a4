import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root, temporary } from "./pack.ts";

/** What a command left. */
export interface Outcome {
  readonly output: string;
  readonly status: number | null;
}

/** Settings of whoever runs the tests have nothing to say in there: their runner's, their registry's. */
const ofThisRun = /^(?:VITEST|npm_|NPM_)|^(?:NODE_OPTIONS|NODE_PATH|TEST)$/;

/** A folder outside the workspace, as somebody has it who only knows what is published. */
export class Folder {
  readonly folder: string;

  constructor() {
    this.folder = temporary("stranger");
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
    const bins = { vitest: "node_modules/vitest/vitest.mjs", procyon: "node_modules/@procyon-os/emulator/bin/procyon.mjs" };
    const ready = command.replace(/\bnpx (vitest|procyon)\b/g, (_, name: "vitest" | "procyon") => `"${process.execPath}" "${join(this.folder, bins[name])}"`);
    const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofThisRun.test(name)));
    const env = { ...environment, CI: "1", NO_COLOR: "1", npm_config_userconfig: join(this.folder, ".npmrc") };
    return new Promise((resolve) => {
      const child = spawn("sh", ["-c", ready], { cwd: directory, env, stdio: ["ignore", "pipe", "pipe"] });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => void (output += text));
      child.on("close", (status) => resolve({ output, status }));
    });
  }
}
