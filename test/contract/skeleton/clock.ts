/** Returns the store's time in milliseconds since 1970. Steps of the machine's clock do not change it. */
export function now(): number {
  return Math.floor(performance.timeOrigin + performance.now())
}
