import { createReceiver } from '@postern/core'
import { acme } from '../../../core/test/acme.ts'
import { expect, onTestFinished, test } from 'vitest'
import { catchUp, RegistrarError, type ListedEvent, type PayloadSource } from '../../src/index.ts'

const AGO = 60_000

function event(id: string, at = Date.now() - AGO / 2): ListedEvent {
  return { id, at, topic: 'thing', undelivered: undefined, ref: id }
}

/** Creates a source whose list may differ in each round. */
function scene(lists: (round: number) => readonly ListedEvent[], absent: (id: string) => boolean) {
  const receiver = createReceiver({ provider: acme(), log: false })
  receiver.on('thing', () => undefined)
  onTestFinished(() => receiver.close())
  let rounds = 0
  const source: PayloadSource = {
    kind: 'payload',
    provider: receiver.provider.name,
    account: 'an account',
    async *list() {
      yield* lists(++rounds)
      return false
    },
    async read({ id }) {
      if (absent(id)) throw new RegistrarError('not_found', `there is no ${id}`)
      const { headers, body } = receiver.provider.sign!({ topic: 'thing', id, payload: {} })
      return { headers: headers as Record<string, string>, body: new TextDecoder().decode(body) }
    },
  }
  const caughtUp = () => catchUp(receiver, source, { since: Date.now() - AGO })
  return { caughtUp, rounds: () => rounds }
}

const PRESENT = (): boolean => false

test('a list that moves while it is read is read again until it brings nothing new', async () => {
  // A removed entry moves the later ones to a page that was read already.
  const all = ['a', 'b', 'c', 'd'].map((id) => event(id))
  const { caughtUp, rounds } = scene((round) => all.slice(0, Math.min(4, round + 1)), PRESENT)
  expect(await caughtUp()).toMatchObject({ listed: 4, accepted: 4, complete: true, cut: undefined })
  expect(rounds()).toBe(4)
})

test('a list that never stands still is left after five times, and said to be incomplete', async () => {
  const { caughtUp, rounds } = scene((round) => [event(`only in ${round}`)], PRESENT)
  expect(await caughtUp()).toMatchObject({ accepted: 5, complete: false, cut: 'moving' })
  expect(rounds()).toBe(5)
})

test('an entry without a time leaves the result incomplete, and what came before it is taken', async () => {
  const { caughtUp } = scene(() => [event('a'), event('b', Number.NaN), event('c')], PRESENT)
  expect(await caughtUp()).toMatchObject({ accepted: 1, complete: false, cut: 'time' })
})

test('an event that could not be found is tried again, and one that stays away is told', async () => {
  const asked = new Map<string, number>()
  const { caughtUp } = scene(
    () => [event('late'), event('gone')],
    (id) => {
      const count = (asked.get(id) ?? 0) + 1
      asked.set(id, count)
      return id === 'gone' || count === 1
    },
  )
  const result = await caughtUp()
  expect(result).toMatchObject({ accepted: 1, failed: 1, complete: true })
  expect(result.failures).toMatchObject([{ id: 'gone', code: 'not_found' }])
  expect([...asked.values()]).toEqual([2, 2])
})
