import { expect, test } from 'vitest'
import type { Inbox } from '@postern/core/inbox'
import { intake, item } from '../../packages/testing/src/inbox/make.ts'
import {
  createTaskRecorder,
  DONE_OUTCOME,
  retryIn,
} from '../../packages/testing/src/inbox/recorder.ts'

export interface OddScene {
  readonly open: () => Inbox | Promise<Inbox>
  /** Runs SQL on the store, bypassing the inbox. */
  readonly change: (statement: string) => unknown
  /** Replaces a part of the event `odd`. With null, the delivery is missing. @default an UPDATE statement */
  readonly spoil?: (part: 'record' | 'head', value: string | null) => unknown
}

const PERSONAL = 'the event is cut off'

/** Damage to the event `odd` or to its task. */
const SPOILS: Readonly<
  Record<string, string | readonly [part: 'record' | 'head', value: string | null]>
> = {
  'the event is no JSON': ['record', '{"key":'],
  'the event is another value': ['record', '17'],
  'the event is nothing': ['record', 'null'],
  'the head of the delivery is no JSON': ['head', '<'],
  'the head of the delivery is another value': ['head', '[]'],
  'the delivery is not there': ['head', null],
  'the data of the task is no JSON':
    "UPDATE postern_tasks SET data = '{' WHERE id / 65536 IN (SELECT id FROM postern_events WHERE event_id = 'odd')",
  [PERSONAL]: ['record', '{"payload":"ann@example'],
  'the event is gone': "DELETE FROM postern_events WHERE event_id = 'odd'",
}

async function spoilBy(scene: OddScene, what: string): Promise<void> {
  const how = SPOILS[what]!
  if (typeof how === 'string') await scene.change(how)
  else if (scene.spoil) await scene.spoil(...how)
  else {
    const [part, value] = how
    const set =
      value === null ? 'head = NULL, body = NULL, delivery = 4711' : `${part} = '${value}'`
    await scene.change(`UPDATE postern_events SET ${set} WHERE event_id = 'odd'`)
  }
}

/**
 * Defines tests for unreadable rows in an SQL inbox. The task becomes dead, is logged once and counted. The other tasks
 * run.
 */
export function oddRows(made: () => OddScene): void {
  for (const what of Object.keys(SPOILS))
    for (const how of ['claims', 'a drain'] as const)
      test(`${what}, ${how}: the task is dead, told once and counted, and its neighbours run`, async () => {
        const scene = made()
        const inbox = await scene.open()
        const shop = createTaskRecorder({})
        const port = inbox.attach(shop.consumer)
        for (const id of ['1', 'odd', '3']) await port.accept(intake(item(id)), {})
        const { id } = (await inbox.view!.list()).rows.find(({ event }) => event.id === 'odd')!
        await spoilBy(scene, what)
        if (how === 'claims') port.work!()
        else expect(await port.drain!(Date.now() + 15_000, 100)).toMatchObject({ done: 2, left: 0 })
        await shop.untilSettled(2)
        await expect
          .poll(async () => (await inbox.view!.stats())[0]!.counts)
          .toEqual({ pending: 0, running: 0, done: 2, dead: 1 })
        if (how === 'a drain') port.work!()
        await port.accept(intake(item('4')), {})
        await shop.untilSettled(3)
        expect(shop.ran().toSorted()).toEqual(['a:1', 'a:3', 'a:4'])
        expect(shop.warnings.filter((message) => message.includes(id))).toEqual([
          expect.stringMatching(/cannot be read/),
        ])
        await shows(inbox, id, what !== 'the event is gone')
        await port.close(Date.now() + 1000)
      })

  test('of a process that died: its neighbours come back, and it is dead as soon as it is claimed', async () => {
    const scene = made()
    const dying = await scene.open()
    const first = createTaskRecorder({ run: () => new Promise(() => {}) })
    const held = dying.attach(first.consumer)
    held.work!()
    for (const id of ['1', 'odd', '3']) await held.accept(intake(item(id)), {})
    await first.until('all run', () => first.runs.length === 3)
    const { id } = (await dying.view!.list()).rows.find(({ event }) => event.id === 'odd')!
    await spoilBy(scene, 'the event is no JSON')
    // Releases the claims, because none of these runs has an outcome.
    await held.close(Date.now())
    await dying.close()
    const inbox = await scene.open()
    const shop = createTaskRecorder({})
    const port = inbox.attach(shop.consumer)
    port.work!()
    await shop.untilSettled(2)
    expect(shop.ran().toSorted()).toEqual(['a:1', 'a:3'])
    await expect.poll(async () => (await inbox.view!.get(id))?.state).toBe('dead')
  })

  test('a count of attempts that cannot grow any more: the neighbours run', async () => {
    const { open, change } = made()
    const inbox = await open()
    const shop = createTaskRecorder({})
    const port = inbox.attach(shop.consumer)
    for (const id of ['1', 'odd', '3']) await port.accept(intake(item(id)), {})
    const most = inbox.name === 'sqliteInbox' ? '9223372036854775807' : '2147483647'
    await change(
      `UPDATE postern_tasks SET attempt = ${most} WHERE id / 65536 IN (SELECT id FROM postern_events WHERE event_id = 'odd')`,
    )
    port.work!()
    await shop.until('its neighbours ran', () =>
      ['a:1', 'a:3'].every((one) => shop.ran().includes(one)),
    )
    await port.close(Date.now() + 1000)
  })

  test('a retry that is due in a thousand years runs soon', async () => {
    const { open, change } = made()
    const inbox = await open()
    const shop = createTaskRecorder({
      run: ({ attempt }) => (attempt === 1 ? retryIn(3_600_000) : DONE_OUTCOME),
    })
    const port = inbox.attach(shop.consumer)
    port.work!()
    await port.accept(intake(item('1')), {})
    await shop.untilSettled(1)
    await change('UPDATE postern_tasks SET due = due + 1000 * 31536000000')
    await shop.untilSettled(2)
    await port.close(Date.now() + 1000)
  })

  test('what cannot be read can still be erased', async () => {
    const scene = made()
    const inbox = await scene.open()
    const shop = createTaskRecorder({})
    const port = inbox.attach(shop.consumer)
    await port.accept(intake(item('odd')), {})
    await spoilBy(scene, PERSONAL)
    await port.drain!(Date.now() + 15_000, 10)
    expect(await inbox.view!.erase!({ eventId: 'odd' })).toMatchObject({ count: 1 })
    const [task] = (await inbox.view!.list()).rows
    expect(JSON.stringify(await inbox.view!.get(task!.id))).not.toContain('ann@example')
  })
}

async function shows(inbox: Inbox, id: string, isThere: boolean): Promise<void> {
  const left = (await inbox.view!.list()).rows.map(({ event }) => event.id)
  expect(left).toEqual(expect.arrayContaining(['1', '3', '4']))
  await inbox.view!.list({ text: 'thing' })
  const causes = await inbox.view!.causes!()
  if (!isThere) return
  expect(causes.map(({ sample }) => sample.name)).toContain('UnreadableTask')
  expect(await inbox.view!.get(id)).toMatchObject({
    state: 'dead',
    error: { name: 'UnreadableTask' },
    event: { id: 'odd' },
  })
}
