import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Folder } from "./folder.ts";
import { othersAsked } from "./others.ts";
import { closure, layOut, root, temporary, workspacePackages } from "./pack.ts";

/** A folder outside the workspace with our packages as they would be published, laid out as `npm install` leaves them. */
export class Stranger extends Folder {
  constructor(packages: readonly string[] = ["@procyon-os/conformance"]) {
    super();
    const folders = workspacePackages();
    const modules = join(this.folder, "node_modules");
    for (const name of closure(packages)) {
      const target = join(modules, name);
      mkdirSync(dirname(target), { recursive: true });
      renameSync(layOut(folders.get(name) as string, temporary("layout")), target);
    }
    for (const [name, from] of othersAsked) {
      const target = join(modules, name);
      mkdirSync(dirname(target), { recursive: true });
      if (existsSync(join(root, from, "node_modules", name))) symlinkSync(join(root, from, "node_modules", name), target, "dir");
    }
    writeFileSync(join(this.folder, "package.json"), JSON.stringify({ name: "stranger", private: true, type: "module" }));
  }
}
