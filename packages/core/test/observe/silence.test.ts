import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createReceiver } from '../../src/index.ts'
import { acme, setup, type Setup } from '../acme.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => void vi.useRealTimers())

const silences = ({ heard }: Setup): readonly (readonly [string, number])[] => heard.all('silent')

async function working(): Promise<Setup> {
  const made = setup({ silentAfter: '1m', name: 'shop' })
  await made.receiver.startWorker()
  return made
}

test('a silence is told once, with its begin', async () => {
  const made = await working()
  await vi.advanceTimersByTimeAsync(59_999)
  expect(silences(made)).toEqual([])
  await vi.advanceTimersByTimeAsync(600_001)
  expect(silences(made)).toEqual([['shop', 1_000_000]])
  await made.receiver.startWorker()
  await vi.advanceTimersByTimeAsync(600_000)
  expect(silences(made)).toHaveLength(1)
})

test('a delivery ends it, if it is verified and taken', async () => {
  const made = await working()
  await vi.advanceTimersByTimeAsync(50_000)
  await made.send()
  const since = Date.now()
  await vi.advanceTimersByTimeAsync(50_000)
  await made.send({ secret: 'wrong' })
  await made.send({ topic: '' })
  expect(silences(made)).toEqual([])
  await vi.advanceTimersByTimeAsync(20_000)
  expect(silences(made)).toEqual([['shop', since]])
  await made.send()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(silences(made)).toEqual([
    ['shop', since],
    ['shop', since + 70_000],
  ])
})

test('an unsigned greeting does not end it', async () => {
  const made = await working()
  const greeted = setup({
    silentAfter: '1m',
    provider: { ...made.receiver.provider, greet: () => ({ status: 200 }) },
  })
  await greeted.receiver.startWorker()
  await vi.advanceTimersByTimeAsync(50_000)
  await greeted.send()
  await vi.advanceTimersByTimeAsync(20_000)
  expect(silences(greeted)).toHaveLength(1)
})

test('a delivery before the work began counts', async () => {
  const made = setup({ silentAfter: '1m', worker: 'onDemand' })
  await made.send()
  await vi.advanceTimersByTimeAsync(50_000)
  await made.receiver.startWorker()
  await vi.advanceTimersByTimeAsync(15_000)
  expect(silences(made)).toEqual([['acme', 1_000_000]])
})

test.each([
  ['1h', 10_000, 3_660_000],
  ['20s', 2000, 25_000],
  [2, 1, 3],
] as const)(
  'with %s, a delivery after %i ms and no other, it is told after %i ms: looks are a fourth apart, at most a minute',
  async (silence, delivered, told) => {
    const made = setup({ silentAfter: silence, storage: { journal: false } })
    await made.receiver.startWorker()
    await vi.advanceTimersByTimeAsync(delivered)
    await made.send()
    await vi.advanceTimersByTimeAsync(told - delivered - 1)
    expect(silences(made)).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(silences(made)).toHaveLength(1)
  },
)

test('a receiver that was closed is not silent', async () => {
  const made = await working()
  const closing = made.receiver.close()
  await vi.advanceTimersByTimeAsync(1000)
  await closing
  await vi.advanceTimersByTimeAsync(600_000)
  expect(silences(made)).toEqual([])
})

test('without the option nothing is told', async () => {
  const made = setup()
  await made.receiver.startWorker()
  await vi.advanceTimersByTimeAsync(86_400_000)
  expect(silences(made)).toEqual([])
})

test('a receiver without observers may be silent', async () => {
  const receiver = createReceiver({ provider: acme(), log: false, silentAfter: '1m' })
  receiver.onAny(() => {})
  await receiver.startWorker()
  await vi.advanceTimersByTimeAsync(120_000)
  expect((await receiver.receive(acme().sign!({ payload: {} }))).status).toBe(200)
})
