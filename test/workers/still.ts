/**
 * Makes clocks advance only when a timer starts its function. Cloudflare does the same: `Date.now()` and
 * `performance.now()` advance only with external events. A local workerd lets them run freely. Returns a function that
 * restores the clocks.
 */
export function standStill(): () => void {
  const { setTimeout, setInterval, Date: RealDate } = globalThis
  const wall = RealDate.now.bind(RealDate)
  const mono = performance.now.bind(performance)
  let at = { wall: wall(), mono: mono() }
  const moved =
    (run: (...args: unknown[]) => void) =>
    (...args: unknown[]) => {
      at = { wall: wall(), mono: mono() }
      run(...args)
    }
  RealDate.now = () => at.wall
  performance.now = () => at.mono
  Object.assign(globalThis, {
    setTimeout: (run: () => void, ...rest: unknown[]) =>
      setTimeout(moved(run), ...(rest as [number])),
    setInterval: (run: () => void, ...rest: unknown[]) =>
      setInterval(moved(run), ...(rest as [number])),
  })
  return () => {
    RealDate.now = wall
    performance.now = mono
    Object.assign(globalThis, { setTimeout, setInterval })
  }
}
