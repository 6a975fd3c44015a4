import { errorCode, errorName, type ErrorName } from "./errors.ts";

/** What an expected failure looks like: a name that the contract lists. */
export type Failure<E extends ErrorName = ErrorName> = { readonly ok: false; readonly error: E };
/** The outcome of a call: a value, or the name of an error. */
export type Result<T, E extends ErrorName = ErrorName> = { readonly ok: true; readonly value: T } | Failure<E>;

/** A successful outcome. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** A failed outcome. */
export function fail<E extends ErrorName>(error: E): Failure<E> {
  return { ok: false, error };
}

/** A failed outcome from a negative code on the wire; a code without a name becomes EGENERIC. */
export function failCode(code: number): Failure {
  return fail(errorName(code) ?? "EGENERIC");
}

/** The number on the wire: `ok` gives its value (a number), a failure its negative error. */
export function resultCode(result: Result<number>): number {
  return result.ok ? result.value : errorCode(result.error);
}
