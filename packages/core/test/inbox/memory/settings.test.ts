import { describe, expect, test } from 'vitest'
import { inlineInbox, memoryInbox, memoryLedger } from '../../../src/index.ts'
import { acme, setup } from '../../acme.ts'
import { intake, item, scene } from './scene.ts'

test.each([
  ['keepDead', { keepDead: 1000 }, /unknown option keepDead/],
  ['maxPendng', { maxPendng: 1 }, /did you mean maxPending\?/],
  [
    'dedupeWindow',
    { dedupeWindow: 345_600_000 },
    /dedupeWindow must be a time with its unit such as '4d'/,
  ],
  ['dedupeWindow of no time', { dedupeWindow: 'long' }, /dedupeWindow/],
  ['hold', { hold: 0 }, /hold must be at least a millisecond/],
  ['max', { max: 0 }, /max must be a whole number/],
  ['maxPending', { maxPending: 1.5 }, /maxPending must be a whole number/],
  ['maxDead', { maxDead: -1 }, /maxDead must be a whole number/],
  ['maxWaitingBytes', { maxWaitingBytes: '1' }, /maxWaitingBytes must be a whole number/],
])('%s is rejected', (_, options, message) => {
  expect(() => memoryInbox(options as never)).toThrow(TypeError)
  expect(() => memoryInbox(options as never)).toThrow(message)
})

test('a dead task that is dropped is told, once an hour', async () => {
  let now = 1_000_000
  const { receiver, heard, send } = setup({
    inbox: memoryInbox({ maxDead: 1 }),
    clock: { now: () => now },
  })
  receiver.on('ping', { retry: { attempts: 1 } }, () => {
    throw new Error('no')
  })
  for (const id of ['e1', 'e2', 'e3']) await send({ id })
  await heard.until('dead', 3)
  const told = (): readonly string[] => heard.all('warning').map(([, message]) => message)
  expect(told()).toEqual([expect.stringMatching(/dead task \d+ of ping was dropped.*maxDead is 1/)])
  now += 3_600_000
  await send({ id: 'e4' })
  await heard.until('dead', 4)
  expect(told()).toHaveLength(2)
})

describe('a tenant within their share loses nothing because of another', () => {
  const provider = acme({
    secret: [
      { secret: 'quiet-secret', tenant: 'quiet' },
      { secret: 'loud-secret', tenant: 'loud' },
    ],
  })

  test.each([
    ['memoryInbox', () => memoryInbox({ max: 50 })],
    ['inlineInbox', () => inlineInbox({ ledger: memoryLedger({ max: 50 }) })],
  ])('an id, of %s', async (_, make) => {
    const { receiver, heard, send } = setup({ provider, inbox: make() })
    let runs = 0
    receiver.on('ping', ({ tenant }) => void (tenant === 'quiet' && runs++))
    for (let at = 0; at < 20; at++) await send({ id: `q${at}`, secret: 'quiet-secret' })
    for (let at = 0; at < 300; at++) await send({ id: `l${at}`, secret: 'loud-secret' })
    await heard.until('done', 320)
    for (let at = 0; at < 20; at++) await send({ id: `q${at}`, secret: 'quiet-secret' })
    expect(heard.all('duplicate')).toHaveLength(20)
    expect(runs).toBe(20)
    const warnings = heard.all('warning').map(([, message]) => message)
    expect(warnings).toEqual([expect.stringMatching(/max is 50, shared by 2 tenants/)])
  })

  test('dead tasks', async () => {
    const inbox = memoryInbox({ maxDead: 10 })
    const { receiver, heard, send } = setup({ provider, inbox })
    receiver.on('ping', { retry: { attempts: 1 } }, () => {
      throw new Error('no')
    })
    for (let at = 0; at < 5; at++) await send({ id: `q${at}`, secret: 'quiet-secret' })
    for (let at = 0; at < 30; at++) await send({ id: `l${at}`, secret: 'loud-secret' })
    await heard.until('dead', 35)
    const { rows } = await inbox.view!.list({ state: 'dead' })
    expect(rows.filter(({ event }) => event.tenant === 'quiet')).toHaveLength(5)
    expect(rows).toHaveLength(10)
  })

  test('a guard key', async () => {
    const shop = scene({}, { max: 20 })
    shop.port.work!()
    const guarded = (id: string, tenant: string) =>
      intake(item(id, ['a'], { tenant, guards: [{ key: `g${id}`, otherwise: 'reject' }] }))
    for (let at = 0; at < 5; at++) await shop.port.accept(guarded(`q${at}`, 'quiet'), {})
    for (let at = 0; at < 100; at++) await shop.port.accept(guarded(`l${at}`, 'loud'), {})
    await shop.untilSettled(105)
    const replayed = intake(
      item('other', ['a'], { tenant: 'quiet', guards: [{ key: 'gq0', otherwise: 'reject' }] }),
    )
    expect(await shop.port.accept(replayed, {})).toEqual(['rejected'])
  })
})
