import { join } from 'node:path'
import { startChild } from '../child.ts'
import type { MemoryUse } from './memory-point.ts'
import type { Effort, PartResult } from '../report/part.ts'

/** Measures the memory of the inbox in memory after many unique events, with default options. */
export async function memory({ quick }: Effort): Promise<PartResult> {
  const steps = quick ? [1000, 10_000, 100_000] : [1000, 10_000, 100_000, 300_000, 1_000_000]
  const remembering = await uses('id', steps)
  // The baseline: the same work with `dedupe: 'none'`, which remembers no ids.
  const forgetting = await uses('none', steps)
  const before = remembering[0]!.rss
  const most = remembering.at(-1)!.mostRss
  return {
    tables: [
      {
        title: 'Memory: unique events through the inbox in memory',
        note: `receive() in a process of its own at default options, bodies of 1 KB, each event handled; no collection is forced. MiB. The most resident memory at any time was ${mib(most)}. The last column is the same with \`dedupe: 'none'\`, where nothing is remembered: what Node takes for the work itself.`,
        head: [
          'events',
          'resident',
          'growth since the first thousand',
          'heap used',
          'heap held',
          'outside the heap',
          'resident without remembering',
        ],
        rows: remembering.map(({ rss, heapUsed, heapTotal, external }, at) => [
          steps[at]!.toLocaleString('en'),
          mib(rss),
          mib(rss - before),
          mib(heapUsed),
          mib(heapTotal),
          mib(external),
          mib(forgetting[at]!.rss),
        ]),
      },
    ],
    targets: [
      {
        what: `Memory, most growth of RSS from 1,000 to ${steps.at(-1)!.toLocaleString('en')} unique events`,
        got: (most - before) / 2 ** 20,
        bound: 192,
        lower: true,
        digits: 0,
        unit: 'MiB',
      },
    ],
  }
}

/** Returns the memory of a process after each step. */
async function uses(dedupe: string, steps: readonly number[]): Promise<readonly MemoryUse[]> {
  const script = join(import.meta.dirname, 'memory-point.ts')
  const child = startChild(script, { args: [dedupe] })
  const found: MemoryUse[] = []
  try {
    await child.ask()
    let done = 0
    for (const step of steps) {
      found.push((await child.ask(step - done)) as MemoryUse)
      done = step
    }
  } finally {
    await child.stop()
  }
  return found
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0)
}
