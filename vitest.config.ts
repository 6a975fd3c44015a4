import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: ["packages/**/*.test.ts", "apps/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    reporters: process.env["CI"] === undefined ? ["default"] : ["default", ["json", { outputFile: ".vitest-report.json" }]],
    maxWorkers: 2, // a machine is one thread; the runner itself has little to do
    testTimeout: 120_000, // a machine that hangs, not one that is slow
    hookTimeout: 120_000,
  },
});
