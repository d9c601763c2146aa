import { describe, expect, test } from 'vitest'
import { memoryLedger } from '../../../src/index.ts'

describe('memoryLedger', () => {
  test('forgets after its window, counted from the last change', async () => {
    let now = 1_000_000
    const ledger = memoryLedger({ dedupeWindow: '1h', now: () => now })
    await ledger.claim('k', 'a', 1000)
    await ledger.commit('k', 'a')
    now += 3_599_000
    expect(await ledger.claim('k', 'b', 1000)).toEqual({ kind: 'done' })
    now += 2000
    expect(await ledger.claim('k', 'c', 1000)).toMatchObject({ kind: 'claimed', claims: 1 })
  })

  test('is bounded, says when that shortens the window, and never drops what runs', async () => {
    const warnings: string[] = []
    const ledger = memoryLedger({ max: 2 })
    ledger.listen?.((message) => warnings.push(message))
    await ledger.claim('running', 'a', 60_000)
    for (const key of ['1', '2', '3', '4']) {
      await ledger.claim(key, 'a', 60_000)
      await ledger.commit(key, 'a')
    }
    expect(await ledger.claim('1', 'b', 1000)).toMatchObject({ kind: 'claimed', claims: 1 })
    expect(await ledger.claim('4', 'b', 1000)).toEqual({ kind: 'done' })
    expect(await ledger.claim('running', 'b', 1000)).toMatchObject({ kind: 'busy' })
    expect(warnings).toEqual([expect.stringContaining('raise max')])
  })

  test('rejects options that make no sense', () => {
    expect(() => memoryLedger({ max: 0 })).toThrow('memoryLedger: max')
    expect(() => memoryLedger({ dedupeWindow: 'soon' as never })).toThrow(
      'memoryLedger: dedupeWindow',
    )
    expect(() => memoryLedger({ dedupeWindow: 60_000 })).toThrow(
      "must be a time with its unit such as '4d'",
    )
    expect(() => memoryLedger({ maximum: 1 } as never)).toThrow('unknown option maximum')
  })
})
