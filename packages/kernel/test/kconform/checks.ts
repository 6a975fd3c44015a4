/** What each check of kconform looks at, by number; the tens are the lines of the checklist. */
export const lines: { readonly [tens: number]: string } = {
  0: "K01 the primitives and their errors", 1: "K01 the primitives and their errors", 2: "K02 circles", 3: "K03 asynchronous messages",
  4: "K06 kernel calls", 5: "K31 alarms", 6: "K23 grants", 7: "K30 privileges",
};

/** What every kernel has to answer: pairs of check and value, in order. */
export const expected: readonly (readonly [check: number, value: number])[] = [
  [1, 0], [2, 101], [3, 1], [4, 0], [5, 0], [6, 105], [7, 1], [8, -102], [9, -22], [10, -105], [11, -105], [12, -110], [13, -33], [14, 0],
  [15, 0], [16, 0x1000], [17, 4], [20, 0], [21, 0], [30, 0], [31, 0], [32, 0], [33, 2], [34, -105], [40, -107], [41, -107], [42, -22], [43, 0],
  [44, 0], [45, 0], [46, 0x12], [50, 0], [51, 0], [52, 0x1000], [53, -3], [60, 0], [61, 0], [62, 0], [63, 42], [64, -1], [70, -22], [71, 0],
];
