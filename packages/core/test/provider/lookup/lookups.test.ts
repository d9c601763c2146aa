import { describe, expect, test } from 'vitest'
import { bucket, lookups } from '../../../src/basics/index.ts'

const unavailable = expect.objectContaining({ code: 'secret_unavailable', status: 503 }) as Error

describe('a bucket', () => {
  test('runs a number of look-ups a minute, and few at the same time', async () => {
    const bounds = bucket({ perMinute: 3, atOnce: 2 })
    const open = Promise.withResolvers<string>()
    const first = bounds.run(0, () => open.promise)
    const second = bounds.run(0, () => open.promise)
    await expect(bounds.run(0, async () => 'third')).rejects.toThrow(unavailable)
    open.resolve('done')
    expect(await Promise.all([first, second])).toEqual(['done', 'done'])
    expect(await bounds.run(1, async () => 'third')).toBe('third')
    await expect(bounds.run(2, async () => 'fourth')).rejects.toThrow(unavailable)
    expect(await bounds.run(20_001, async () => 'later')).toBe('later')
    // A clock that goes back adds no look-ups, and does not block later ones.
    await expect(bounds.run(0, async () => 'back')).rejects.toThrow(unavailable)
    expect(await bounds.run(30_000, async () => 'on')).toBe('on')
  })
})

describe('look-ups', () => {
  const ask = (asked: string[], key: string) => async () => {
    asked.push(key)
    if (key.startsWith('down')) throw new Error('down')
    return key.startsWith('made-up') ? undefined : { key }
  }

  test('a failure is not kept unless asked for, and old findings count on through it', async () => {
    const asked: string[] = []
    const known = lookups<{ key: string }>({ maxAge: 1000 })
    await expect(known.find('down', 0, ask(asked, 'down'))).rejects.toThrow('down')
    await expect(known.find('down', 0, ask(asked, 'down'))).rejects.toThrow('down')
    expect(asked).toHaveLength(2)
    await known.find('a', 0, ask(asked, 'a'))
    const failing = async (): Promise<undefined> => {
      throw new Error('down')
    }
    expect(await known.find('a', 2000, failing)).toEqual({ key: 'a' })
    const kept = lookups<{ key: string }>({ failed: 30_000 })
    await expect(kept.find('down', 0, ask(asked, 'down'))).rejects.toThrow('down')
    expect(() => kept.find('down', 29_999, ask(asked, 'down'))).toThrow('down')
    expect(asked).toHaveLength(4)
    await expect(kept.find('down', 30_001, ask(asked, 'down'))).rejects.toThrow('down')
    expect(asked).toHaveLength(5)
  })
})
