import { expect, it } from "vitest";
import { compileEre } from "./ere.ts";

it.each([
  ["drv\\.[bc]..\\..*", "drv.blk.at_wini_0", true],
  ["drv\\.[bc]..\\..*", "drv.net.lance", false],
  ["drv\\.[bc]..\\..*", "xdrv.blk.a", false],
  ["test_u32", "test_u32", true],
  ["test_u32", "test_u32x", false],
  ["a|bc", "bc", true],
  ["a|bc", "ac", false],
  ["(ab)+c?", "ababc", true],
  ["(ab)+c?", "c", false],
  ["a{2,3}", "aaa", true],
  ["a{2,3}", "aaaa", false],
  ["a{2,}", "aaaaa", true],
  ["a{0}b", "b", true],
  ["[^a-c]+", "xyz", true],
  ["[^a-c]+", "xbz", false],
  ["[]a]+", "]a]", true],
  ["[a-]+", "-a", true],
  ["[[:alpha:]_][[:alnum:]_]*", "tty_1", true],
  ["[[:alpha:]_][[:alnum:]_]*", "1tty", false],
  ["^ab$", "ab", true],
  ["a^b", "ab", false],
  ["a\\+", "a+", true],
  ["()", "", true],
  ["{a", "{a", true],
])("matches %j against %j as a whole: %j", (pattern, text, expected) => {
  expect(compileEre(pattern)?.(text)).toBe(expected);
});

it.each(["(", ")", "a)(b", "[a", "[[:nope:]]", "*a", "a**", "a||b", "a\\", "a{3,2}", "a{999}", "[z-a]", "((a{200}){200}){200}"])(
  "refuses %j",
  (pattern) => {
    expect(compileEre(pattern)).toBeNull();
  },
);

it("is not slowed down by a pattern that makes backtracking matchers hang", () => {
  expect(compileEre("(a*)*(a*)*(a|aa)*b")?.("a".repeat(79))).toBe(false);
});
