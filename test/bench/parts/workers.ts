import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { durables, openDurable, type DurableName } from '../../services/inboxes.ts'
import { startPostgres } from '../../services/postgres.ts'
import { startChild } from '../child.ts'
import { unique } from '../inboxes.ts'
import type { Effort, PartResult } from '../report/part.ts'
import { median } from '../../services/figures.ts'
import { benchReceiver, createSender } from './source.ts'
import type { Worked } from './worker.ts'

const TASKS = 3000

/** Measures how much faster two processes run tasks of 10 ms than one process does. */
export async function workers({ quick }: Effort): Promise<PartResult> {
  const service = await startPostgres()
  const rates: readonly [one: number[], two: number[]] = [[], []]
  let twice = 0
  try {
    for (let round = 0; round < (quick ? 1 : 5); round++)
      for (const at of round % 2 === 0 ? [0, 1] : [1, 0]) {
        const worked = await runWorkers('postgres', service.url, at + 1)
        rates[at]!.push(worked.rate)
        twice += worked.twice
      }
  } finally {
    await service.stop()
  }
  const [one, two] = rates
  return {
    tables: [
      {
        title: 'PostgreSQL: tasks of 10 ms in one process and in two',
        note: `${TASKS.toLocaleString('en')} stored tasks of 1 KB whose handler waits for 10 ms, 20 at once in each process, until the last is settled. Medians of ${one.length} rounds by turns. Runs of a task that had run already: ${twice}.`,
        head: ['', 'tasks/s', 'one process = 1'],
        rows: [
          ['one process', median(one).toFixed(0), '1.00'],
          ['two processes', median(two).toFixed(0), gain().toFixed(2)],
        ],
      },
    ],
    targets: [
      { what: 'PostgreSQL, tasks of 10 ms, two processes ÷ one', got: gain(), bound: 1.6 },
      {
        what: 'PostgreSQL, tasks that ran twice in two processes',
        got: twice,
        bound: 0,
        lower: true,
        digits: 0,
      },
    ],
  }

  function gain(): number {
    return median(two.map((rate, at) => rate / one[at]!))
  }
}

/** Measures the tasks per second, and counts the tasks that ran more than once. */
export async function runWorkers(
  name: DurableName,
  url: string,
  processes: number,
): Promise<{ rate: number; twice: number }> {
  const args = [url, unique(), name] as const
  const script = join(import.meta.dirname, 'worker.ts')
  const children = Array.from({ length: processes }, () => startChild(script, { args }))
  const ask = async (): Promise<readonly Worked[]> =>
    (await Promise.all(children.map((child) => child.ask('go')))) as Worked[]
  try {
    await Promise.all(children.map((child) => child.ask()))
    await fill(...args)
    const started = performance.timeOrigin + performance.now()
    let all = await ask()
    while (all.reduce((sum, { done }) => sum + done, 0) < TASKS) {
      await sleep(50)
      all = await ask()
    }
    const ran = all.flatMap((one) => one.ran)
    const last = Math.max(...all.map((one) => one.last))
    return { rate: (TASKS * 1000) / (last - started), twice: ran.length - new Set(ran).size }
  } finally {
    for (const child of children) await child.stop()
  }
}

async function fill(url: string, place: string, name: DurableName): Promise<void> {
  const inbox = await openDurable(name, url, durables[name].own(place))
  const receiver = benchReceiver({ inbox, worker: 'onDemand' })
  receiver.on('issues', () => {})
  await createSender({ receiver }).run(TASKS)
  await receiver.close()
  await inbox.close()
}
