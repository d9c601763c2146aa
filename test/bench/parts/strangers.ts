import { BOMBS, unproven } from '../../hostile/classes/bombs.ts'
import type { HostileCase } from '../../hostile/case.ts'
import { allowance, costOf, type Cost } from '../../hostile/cost.ts'
import { genuineDeliveries } from '../../hostile/genuine.ts'
import { exhaustion } from '../../hostile/attacks/exhaustion.ts'
import type { Effort, PartResult } from '../report/part.ts'

const MIB = 2 ** 20
const SIZES = [4096, 65_536, 262_144, MIB - 1024]

/** Measures the most expensive requests without a valid signature, for every provider that verifies requests. */
export async function strangers({ quick }: Effort): Promise<PartResult> {
  const cases = await requests(quick ? [65_536] : SIZES)
  console.log(`strangers: ${cases.length} requests once`)
  const once: { readonly hostile: HostileCase; readonly share: number }[] = []
  for (const hostile of cases) {
    const cost = await costOf(hostile, 1)
    once.push({ hostile, share: shareOf(cost) })
  }
  const dear = once.toSorted((a, b) => b.share - a.share).slice(0, quick ? 10 : 40)
  console.log(`strangers: the dearest ${dear.length} of them twenty times`)
  const costs: Cost[] = []
  for (const { hostile } of dear) costs.push(await costOf(hostile, 20))
  const dearest = costs.toSorted((a, b) => shareOf(b) - shareOf(a)).slice(0, 10)
  return {
    tables: [
      {
        title: 'Strangers: the ten dearest requests before verification',
        note: `${cases.length} requests without a valid signature, of ${SIZES.length} sizes and ${Object.keys(BOMBS).length} kinds, at every provider that verifies anything. Median of 20 warm runs in process. Each may cost 20 ms of CPU and 20 ms more for each MiB on the wire.`,
        head: ['request', 'KiB', 'CPU ms', 'allowed', 'MiB held'],
        rows: dearest.map((cost) => [
          cost.name,
          (cost.bytes / 1024).toFixed(0),
          cost.cpu.toFixed(1),
          allowance(cost.bytes).toFixed(1),
          cost.mebibytes.toFixed(1),
        ]),
      },
    ],
    targets: [
      {
        what: "A stranger's dearest request takes its share of what it may cost",
        got: Math.max(...costs.map(shareOf)),
        bound: 1,
        lower: true,
      },
    ],
  }
}

async function requests(sizes: readonly number[]): Promise<readonly HostileCase[]> {
  const cases: HostileCase[] = exhaustion().filter(
    ({ class: kind }) => kind === 'head' || kind === 'bomb',
  )
  // All providers share the bodies, which would otherwise take gigabytes.
  const bodies = Object.entries(BOMBS).flatMap(([what, make]) =>
    sizes.map((bytes) => ({ what, body: make(bytes) })),
  )
  for (const { name, provider, now, wire } of await genuineDeliveries()) {
    const made = provider()
    if (made.unauthenticated) continue
    for (const { what, body } of bodies)
      cases.push({
        name: `${name}: ${what}`,
        class: 'bomb',
        provider,
        now,
        steps: [{ wire: { ...unproven(wire, made), body }, status: [] }],
        runs: [],
      })
  }
  return cases
}

function shareOf({ cpu, bytes }: Cost): number {
  return cpu / allowance(bytes)
}
