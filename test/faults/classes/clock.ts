// Loaded before an app. Moves its wall clock when the parent says so; monotonic time and timers continue, as on a real
// machine.
const Real = Date
let step = 0
class Stepped extends Real {
  constructor(...given: [] | [value: number | string | Date]) {
    super(...((given.length === 0 ? [Real.now() + step] : given) as [number]))
  }
  static override now(): number {
    return Real.now() + step
  }
}
globalThis.Date = Stepped as DateConstructor
process.on('message', (message: { readonly clock?: number }) => {
  if (message.clock !== undefined) step += message.clock
})
