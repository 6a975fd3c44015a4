import { isDeterministic } from "./layers.ts";
import type { Package, SourceFile } from "./workspace.ts";

const MOST_LINES = 300;

const hostWords: readonly [RegExp, string][] = [
  [/\bDate\b(?!:)/, "the host's time (Date)"],
  [/\bMath\.random\b/, "the host's randomness (Math.random)"],
  [/\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/, "the host's timers"],
  [/\bperformance\b/, "the host's clock (performance)"],
  [/\bprocess\.(?:env|argv|hrtime|stdout|stderr|stdin|nextTick)\b/, "the host's process"],
  [/\bconsole\./, "the host's console"],
  [/from "node:/, "a module of Node"],
  [/\basync\b|\bawait\b|\bnew Promise\b/, "asynchronous code"],
];

/** Comments and texts taken out, so that a rule sees code only. */
function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|[^:"'`])\/\/.*$/gm, "$1")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, (literal) => (literal.startsWith('"node:') ? literal : '""'))
    .replace(/`(?:[^`\\$]|\\.|\$(?!\{))*`/g, "``");
}

function styleProblems({ path, text, isTest }: SourceFile): string[] {
  const problems: string[] = [];
  const code = codeOf(text);
  if (/^export \* /m.test(code)) problems.push(`${path}: export * (list the names)`);
  if (/\bexport default\b/.test(code) && !path.endsWith(".config.ts")) problems.push(`${path}: a default export (give it a name)`);
  if (/\b(?:it|describe|test)\.only\b/.test(code)) problems.push(`${path}: .only leaves the other tests out`);
  if (/\b(?:it|describe|test)\.skip\b/.test(code)) problems.push(`${path}: a skipped test`);
  const lines = text.split("\n").length - 1;
  if (lines > MOST_LINES && !isTest) problems.push(`${path}: ${lines} lines (at most ${MOST_LINES}: is it one thing?)`);
  return problems;
}

function hostProblems({ path, text, owner, isTest }: SourceFile): string[] {
  if (isTest || !isDeterministic(owner.name)) return [];
  const code = codeOf(text);
  return hostWords.filter(([pattern]) => pattern.test(code)).map(([, what]) => `${path}: uses ${what}`);
}

/** Rules of single files: style, sizes, and what would make a run depend on the host. */
export function sourceProblems(sources: readonly SourceFile[]): string[] {
  return sources.flatMap((source) => [...styleProblems(source), ...hostProblems(source)]);
}

/** Rules of packages: a README, a description, a licence, exports that hide what is inside. */
export function packageProblems(packages: readonly Package[], hasFile: (path: string) => boolean): string[] {
  const problems: string[] = [];
  for (const { directory, manifest } of packages) {
    if (!hasFile(`${directory}/README.md`)) problems.push(`${directory}: no README.md`);
    for (const key of ["description", "license", "exports", "version"]) {
      if (manifest[key] === undefined) problems.push(`${directory}/package.json: no ${key}`);
    }
  }
  return problems;
}
