// node build/main.mjs: compiles all programs and writes image/. With --check: compares instead, and fails where they differ.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile, packageRoot } from "./compile.mjs";
import { outputs } from "./image.mjs";
import { programs } from "./manifest.mjs";

const check = process.argv.includes("--check");
const { disk, ...files } = outputs(await compile(programs));
mkdirSync(join(packageRoot, "image"), { recursive: true });
let different = 0;
for (const [name, bytes] of Object.entries(files)) {
  const path = join(packageRoot, "image", name);
  if (!check) writeFileSync(path, bytes);
  else if (!readFileSync(path).equals(bytes)) {
    process.stderr.write(`image/${name} is not what the sources build\n`);
    different++;
  }
}
process.stdout.write(`${programs.length} programs, image of ${disk.length} bytes, ${files["root.img.gz"].length} compressed\n`);
process.exitCode = different > 0 ? 1 : 0;
