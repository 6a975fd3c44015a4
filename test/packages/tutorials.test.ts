import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "./pack.ts";
import { Stranger } from "./stranger.ts";

interface Block {
  readonly language: string;
  readonly file: string | null;
  readonly text: string;
}

function blocksOf(document: string): Block[] {
  return [...document.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(([, language = "", file, text = ""]) => ({ language, file: file ?? null, text }));
}

/** `npm install` has been done by the stranger's folder: what the page names has to be there. */
function checkInstall(stranger: Stranger, command: string): void {
  for (const name of command.trim().split(/\s+/).slice(2)) {
    expect(existsSync(join(stranger.folder, "node_modules", name, "package.json")), `${name} is installed`).toBe(true);
  }
}

/** Does what a page says, from top to bottom, in a folder outside the workspace: writes its files, runs its commands, compares. */
async function follow(page: string, packages: readonly string[]): Promise<number> {
  const stranger = new Stranger(packages);
  let output = "";
  let checked = 0;
  for (const { language, file, text } of blocksOf(readFileSync(join(root, "docs", page), "utf8"))) {
    if (file !== null) stranger.write(file, text);
    else if (language === "sh" && text.startsWith("npm install")) checkInstall(stranger, text);
    else if (language === "sh") {
      const outcome = await stranger.run(text);
      output = outcome.output;
      expect(outcome.status, `${text}\n${output}`).toBe(0);
    } else if (language === "text") {
      for (const line of text.trim().split("\n")) {
        expect(output).toContain(line);
        checked++;
      }
    } else throw new Error(`${page}: a block of ${language} that nobody can follow`);
  }
  return checked;
}

it("[E04] replaces a server as docs/replace-a-server.md says", async () => {
  expect(await follow("replace-a-server.md", ["@procyon-os/conformance", "@procyon-os/ds"])).toBe(9);
});

it("writes a service as docs/write-a-service.md says", async () => {
  expect(await follow("write-a-service.md", ["@procyon-os/emulator", "@procyon-os/service-harness"])).toBe(5);
});
