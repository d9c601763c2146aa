import type { Arrival, Inbox } from '@postern/core/inbox'

const HOUR = 3_600_000
const MINUTE = 60_000

/** Returns what the inbox's journal and view show about the six deliveries. */
export async function answers(inbox: Inbox): Promise<readonly string[]> {
  const view = inbox.view!
  const journal = inbox.journal!
  const range = { from: Date.now() - HOUR, to: Date.now() + MINUTE, step: MINUTE }
  const { rows: arrived } = await journal.deliveries({ eventId: 'evt_123' })
  const { rows: tasks } = await view.list({ keys: arrived[0]!.keys })
  const task = tasks[0]
  const { rows: rejected } = await journal.rejections()
  const causes = await view.causes()

  return [
    'What became of evt_123?',
    ...arrived.toReversed().map(delivery),
    ...(task
      ? tasks.map((one) => `${one.subscription}: ${one.state} after ${one.attempts} attempts`)
      : ['its task is done: this inbox keeps no done tasks']),
    'Its attempts?',
    ...(task
      ? (await journal.attempts(task.id)).map(
          ({ attempt, outcome, error }) => `#${attempt} ${outcome} ${error?.message ?? ''}`,
        )
      : ['as above']),
    'What made no new event, and why?',
    ...rejected.toReversed().map(delivery),
    'How many came?',
    await counts('delivery', 'outcome'),
    'Why were some rejected?',
    await counts('delivery', 'code'),
    'How did the runs end?',
    await counts('attempt', 'outcome'),
    'What fails?',
    ...causes.map(
      ({ dead, retrying, subscriptions, sample }) =>
        `${subscriptions[0]!.subscription}: ${dead} dead, ${retrying} retrying: ${sample.name}: ${sample.message}`,
    ),
    'Since when is the oldest task due?',
    await oldest(),
    'And once the dead one is replayed, while no process works?',
    `${(await view.replay({ cause: causes[0]!.cause })).count} replayed`,
    await oldest(),
  ]

  async function counts(kind: 'delivery' | 'attempt', by: 'outcome' | 'code'): Promise<string> {
    const sums = new Map<string, number>()
    for (const bucket of await journal.history({ ...range, kind, by }))
      if (bucket.kind !== 'gauge')
        sums.set(bucket.value, (sums.get(bucket.value) ?? 0) + bucket.count)
    return [...sums]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([value, count]) => `${value} ${count}`)
      .join(', ')
  }

  async function oldest(): Promise<string> {
    const due = (await view.stats()).flatMap((lane) => lane.oldestDueAt ?? [])
    return due.length === 0 ? 'none is due' : new Date(Math.min(...due)).toISOString()
  }
}

function delivery({ at, outcome, status, topics, code, reason }: Arrival): string {
  const why = code === undefined ? topics.join() : `${code}: ${reason}`
  return `${new Date(at).toISOString()} ${outcome} ${status} ${why}`
}
