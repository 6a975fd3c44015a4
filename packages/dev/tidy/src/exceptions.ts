/** Problems that are accepted, with the reason. This list may only get shorter. */
export const exceptions: { readonly [problem: string]: string } = {};
