export { exceptions } from "./exceptions.ts";
export { isDeterministic, layerProblems, mayDependOn } from "./layers.ts";
export { packageProblems, sourceProblems } from "./rules.ts";
export { findPackages, findSources, importsOf } from "./workspace.ts";
export type { Package, SourceFile } from "./workspace.ts";
