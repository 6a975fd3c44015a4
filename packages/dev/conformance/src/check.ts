/** One thing that a service has to do: its title says what, and `run` throws where it does not. */
export interface Check {
  readonly title: string;
  readonly run: () => void;
}

/** How a check ended: null, or what was wrong. */
export interface CheckOutcome {
  readonly title: string;
  readonly problem: string | null;
}

const show = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value)));

/** Throws a sentence where something is not what it should be. */
export function same(what: string, found: unknown, wanted: unknown): void {
  if (show(found) !== show(wanted)) throw new Error(`${what}: ${show(found)} instead of ${show(wanted)}`);
}

/** Throws a sentence where something does not hold. */
export function holds(what: string, condition: boolean, found: unknown = undefined): void {
  if (!condition) throw new Error(found === undefined ? `${what}: it does not` : `${what}: ${show(found)}`);
}

/** Runs checks one after another, each whatever became of the others. */
export function runChecks(checks: readonly Check[]): CheckOutcome[] {
  return checks.map(({ title, run }) => {
    try {
      run();
      return { title, problem: null };
    } catch (error) {
      return { title, problem: error instanceof Error ? error.message : String(error) };
    }
  });
}
