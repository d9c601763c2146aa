/** The clock of the store, in milliseconds since 1970. Nobody can set it: what the machine's clock does ages nothing. */
export function now(): number {
  return Math.floor(performance.timeOrigin + performance.now())
}
