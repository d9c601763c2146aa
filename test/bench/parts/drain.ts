import { everyInbox } from '../inboxes.ts'
import type { PartResult, ServedEffort } from '../report/part.ts'
import { median } from '../../services/figures.ts'
import { drained, type Drained } from './drained.ts'

/** Measures how fast each inbox runs waiting tasks. */
export async function drain({ quick, env }: ServedEffort): Promise<PartResult> {
  const inboxes = everyInbox(env, { maxPending: 100_000, maxWaitingBytes: 2 ** 30 })
  const tasks = quick ? 2000 : 10_000
  const found = new Map<string, Drained[]>([...inboxes.keys()].map((name) => [name, []]))
  for (let round = 0; round < (quick ? 1 : 3); round++)
    for (const [name, make] of inboxes) {
      console.log(`drain: ${name}`)
      found.get(name)!.push(await drained(await make(), tasks))
    }
  return {
    tables: [
      {
        title: 'Drain: tasks each inbox runs in a second',
        note: `${tasks.toLocaleString('en')} stored tasks of 1 KB with a handler that returns at once, one process, default concurrency (10), from the start of the worker until the last task is settled and stored. CPU of this process alone; Redis and PostgreSQL are processes of their own on the same machine.`,
        head: ['inbox', 'tasks/s', 'CPU µs/task'],
        rows: [...found].map(([name, rounds]) => [
          name,
          median(rounds.map(({ rate }) => rate)).toFixed(0),
          median(rounds.map(({ micros }) => micros)).toFixed(1),
        ]),
      },
    ],
    targets: [],
  }
}
