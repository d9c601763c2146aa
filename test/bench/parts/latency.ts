import { setTimeout as sleep } from 'node:timers/promises'
import { type Inbox } from '@postern/core/inbox'
import { everyInbox } from '../inboxes.ts'
import type { PartResult, ServedEffort } from '../report/part.ts'
import { quantile } from '../../services/figures.ts'
import { benchReceiver, createSender } from './source.ts'

const BOUNDS: Readonly<Record<string, number>> = { SQLite: 2, BullMQ: 15, PostgreSQL: 15 }

/** Measures how soon a handler runs when no other task waits. */
export async function latency({ quick, env }: ServedEffort): Promise<PartResult> {
  const inboxes = everyInbox(env)
  const found = new Map<string, { reply: readonly number[]; handler: readonly number[] }>()
  for (const [name, make] of inboxes) {
    console.log(`latency: ${name}`)
    found.set(name, await times(await make(), quick ? 50 : 300))
  }
  return {
    tables: [
      {
        title: 'Latency: from the delivery to its reply, and to its handler',
        note: 'Milliseconds of wall time from the call of receive(), one delivery of 1 KB every 20 ms, nothing else waiting. The reply waits until the event is stored, and so does the handler.',
        head: ['inbox', 'reply p50', 'reply p99', 'handler p50', 'handler p99'],
        rows: [...found].map(([name, { reply, handler }]) => [
          name,
          ...[reply, handler].flatMap((all) =>
            [0.5, 0.99].map((part) => quantile(all, part).toFixed(2)),
          ),
        ]),
      },
    ],
    targets: [...found]
      .filter(([name]) => BOUNDS[name] !== undefined)
      .map(([name, { handler }]) => ({
        what: `Latency, delivery to handler, ${name}, p50, idle`,
        got: quantile(handler, 0.5),
        bound: BOUNDS[name]!,
        lower: true,
        unit: 'ms',
      })),
  }
}

async function times(
  inbox: Inbox,
  count: number,
): Promise<{ reply: readonly number[]; handler: readonly number[] }> {
  const reply: number[] = []
  const handler: number[] = []
  let started = 0
  let handled = Promise.withResolvers<void>()
  const receiver = benchReceiver({ inbox })
  receiver.on('issues', () => {
    handler.push(performance.now() - started)
    handled.resolve()
  })
  const source = createSender({ receiver })
  for (let at = -20; at < count; at++) {
    // Drops the first measurement, which opens connections and loads code.
    if (at === 0) reply.length = handler.length = 0
    handled = Promise.withResolvers()
    started = performance.now()
    await source.run(1, 1)
    reply.push(performance.now() - started)
    await handled.promise
    await sleep(20)
  }
  await receiver.close()
  await inbox.close()
  return { reply, handler }
}
