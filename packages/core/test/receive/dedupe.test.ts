import { describe, expect, test } from 'vitest'
import type { EventDraft, Provider } from '../../src/provider/index.ts'
import type { ReceiverOptions } from '../../src/index.ts'
import { acme, codeOf, pinged, setup } from '../acme.ts'

/** Creates a provider that never redelivers, and whose signature does not cover the id. */
function unrepeating(): Provider {
  return { ...acme(), repeats: false }
}

function guarded(otherwise: 'reject' | 'duplicate'): Provider {
  const events: Provider['events'] = (delivery, body): readonly EventDraft[] => [
    {
      id: delivery.header('x-acme-id'),
      topic: 'ping',
      payload: body.value,
      guards: [{ key: delivery.header('x-token')!, otherwise }],
    },
  ]
  return { ...acme(), events }
}

test.each<[number, Partial<ReceiverOptions>]>([
  [1, { provider: unrepeating() }],
  [2, { provider: unrepeating(), dedupe: 'id' }],
  [2, { provider: { ...unrepeating(), covers: { body: 'bytes', id: true } } }],
  [2, { provider: acme() }],
  [1, { dedupe: 'id+digest' }],
])('a captured delivery under another id: %i runs with %o', async (runs, options) => {
  const { heard, send } = pinged(options)
  for (const id of ['e1', 'e2']) expect((await send({ id })).status).toBe(200)
  expect((await send({ id: 'e3', payload: { other: true } })).status).toBe(200)
  await heard.until('done', runs + 1)
  expect(heard.all('accepted')).toHaveLength(runs + 1)
})

describe('a guard that belongs to another event', () => {
  test('rejects with 401 and takes nothing; the event that holds it passes', async () => {
    const { heard, send } = pinged({ provider: guarded('reject') })
    const headers = { 'x-token': 't1' }
    expect((await send({ id: 'e1', headers })).status).toBe(200)
    const other = await send({ id: 'e2', headers })
    expect([other.status, codeOf(other)]).toEqual([401, 'replay_detected'])
    expect((await send({ id: 'e1', headers })).status).toBe(200)
    expect((await send({ id: 'e2', headers: { 'x-token': 't2' } })).status).toBe(200)
    await heard.until('done', 2)
    expect(heard.all('accepted').map(([event]) => event.id)).toEqual(['e1', 'e2'])
  })

  test('is a duplicate that runs nothing', async () => {
    const { heard, send } = pinged({ provider: guarded('duplicate') })
    const headers = { 'x-token': 't1' }
    for (const id of ['e1', 'e2']) expect((await send({ id, headers })).status).toBe(200)
    await heard.until('done')
    expect(heard.all('accepted')).toHaveLength(1)
    expect(heard.all('duplicate')).toHaveLength(1)
  })
})

test('that nothing is deduplicated is said once, at the start', () => {
  const warned = (options: Partial<ReceiverOptions>): readonly string[] =>
    setup(options)
      .heard.all('warning')
      .map(([, message]) => message)
  expect(warned({ dedupe: 'none' })).toEqual([expect.stringContaining('nothing is deduplicated')])
  expect(warned({ provider: { ...acme(), ids: false } })).toEqual([
    expect.stringMatching(/events of acme have no id; .*dedupe: 'digest'/),
  ])
  expect(warned({ provider: { ...acme(), ids: false }, dedupe: 'digest' })).toEqual([])
  expect(warned({})).toEqual([])
})
