/** How long ids are known unless told otherwise, or unless the sender delivers again for longer; in milliseconds. */
export const DEFAULT_WINDOW: number = 4 * 86_400_000
