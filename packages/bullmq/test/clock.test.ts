import { afterEach, expect, test, vi } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { DONE, gate, intake, record } from './consumer.ts'
import { redisScene } from './redis-scene.ts'

const HOUR = 3_600_000

needs(redisServer).describe('bullmqInbox and the clock of its machine', () => {
  const scene = redisScene('clock')
  afterEach(() => void vi.restoreAllMocks())

  test('set back an hour, a retry starts in time, and what runs keeps its lease', async () => {
    const { passed, pass } = gate()
    scene.later(pass)
    const retry = {
      kind: 'retry',
      at: Date.now() + 1500,
      error: { name: 'E', message: 'no' },
    } as const
    const worker = record({
      run({ event, attempt }) {
        if (event.id === 'long') return passed.then(() => DONE)
        return attempt === 1 ? retry : DONE
      },
    })
    const port = scene.open({ lease: '1s' }).attach(worker)
    port.work!()
    await port.accept(intake('short'), {})
    await port.accept(intake('long'), {})
    await expect.poll(() => worker.ended.length).toBe(1)
    await expect.poll(() => worker.names()).toContain('long')
    const now = Date.now.bind(Date)
    vi.spyOn(Date, 'now').mockImplementation(() => now() - HOUR)
    await expect
      .poll(() => worker.ended.map(({ outcome }) => outcome.kind))
      .toEqual(['retry', 'done'])
    // Three leases later its lock is its own.
    const until = performance.now() + 3000
    await expect.poll(() => performance.now() > until).toBe(true)
    pass()
    await expect.poll(() => worker.ended.map(({ stored }) => stored)).toEqual([true, true, true])
    expect(worker.cuts).toEqual([])
  })
})
