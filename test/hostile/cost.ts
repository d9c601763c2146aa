import { createReceiver, memoryInbox } from '@postern/core'
import { cpuOf, median } from '../services/figures.ts'
import type { HostileCase } from './case.ts'

export interface Cost {
  readonly name: string
  readonly bytes: number
  /** CPU time of all threads, in milliseconds. */
  readonly cpu: number
  /** Memory that was allocated and not yet collected, in mebibytes. */
  readonly mebibytes: number
}

/**
 * @public Returns the allowed CPU time in milliseconds of a request without a valid signature. It is a base plus an
 * amount per mebibyte on the wire.
 */
export function allowance(bytes: number): number {
  return 20 + (20 * bytes) / 2 ** 20
}

/** Returns the median cost of a case's first request, over `runs` runs after a warm-up. */
export async function costOf(hostile: HostileCase, runs: number): Promise<Cost> {
  const { now, steps, name } = hostile
  const receiver = createReceiver({
    inbox: memoryInbox({ max: 1000, dedupeWindow: '90d' }),
    log: false,
    ...(now !== undefined && { clock: { now: () => now } }),
    provider: hostile.provider(),
  })
  receiver.onAny(() => {})
  const { wire } = steps[0]!
  const measured: { cpu: number; bytes: number }[] = []
  for (let run = 0; run <= runs; run++) {
    const before = process.memoryUsage()
    const cpu = await cpuOf(() => receiver.receive(wire))
    const after = process.memoryUsage()
    const grown = after.heapUsed + after.external - before.heapUsed - before.external
    if (run > 0) measured.push({ cpu: cpu / 1000, bytes: Math.max(0, grown) })
  }
  await receiver.close()
  return {
    name,
    bytes: wire.body.byteLength,
    cpu: median(measured.map(({ cpu }) => cpu)),
    mebibytes: median(measured.map(({ bytes }) => bytes)) / 2 ** 20,
  }
}

/** Returns the expensive cases whose first request must be rejected. */
export function ofStrangers(cases: readonly HostileCase[]): readonly HostileCase[] {
  return cases.filter(
    ({ class: kind, runs, steps, sameAsFirst }) =>
      DEAR.has(kind) && runs.length === 0 && !sameAsFirst && steps[0]!.status.every(isRejection),
  )
}

const DEAR = new Set(['bomb', 'head', 'signature', 'host', 'coding'])

function isRejection(status: number): boolean {
  return status >= 400
}
