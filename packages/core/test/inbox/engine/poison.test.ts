import { describe, expect, test } from 'vitest'
import { suspects } from '../../../src/inbox/engine/index.ts'

describe('suspects', () => {
  test('one at a time, and the next look comes when it is free', () => {
    const looks: string[] = []
    const free = suspects.take(() => looks.push('never'))!
    expect(suspects.take(() => looks.push('a'))).toBeUndefined()
    const again = (): void => {
      looks.push('b')
      suspects.take(again)?.()
    }
    expect(suspects.take(again)).toBeUndefined()
    expect(looks).toEqual([])
    free()
    free()
    expect(looks).toEqual(['a', 'b'])
    suspects.take(() => {})!()
  })

  test('a place that was freed twice is not freed for who has it now', () => {
    const first = suspects.take(() => {})!
    first()
    const second = suspects.take(() => {})!
    first()
    expect(suspects.take(() => {})).toBeUndefined()
    second()
    suspects.take(() => {})!()
  })

  test('another copy of the package shares the place', async () => {
    const { vi } = await import('vitest')
    vi.resetModules()
    const copy = (await import('../../../src/inbox/engine/run/claim.ts')).suspects
    expect(copy).not.toBe(suspects)
    const free = copy.take(() => {})!
    expect(suspects.take(() => {})).toBeUndefined()
    free()
  })
})
