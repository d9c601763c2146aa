import { describe, expect, test } from 'vitest'
import { suspects } from '../../../src/inbox/engine/index.ts'
import { SUSPECT } from '../../../src/inbox/engine/row.ts'
import { gateOf, interrupted, poison } from '../../../src/inbox/engine/rules.ts'

describe('interruptions', () => {
  test('waits double from 250 ms to 8 s, of which a random half', () => {
    const waits = (random: number) =>
      [0, 1, 2, 3, 4, 5, 6, 50].map((cut) => interrupted({ cut, charged: 0 }, 8, () => random).wait)
    expect(waits(1)).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000])
    expect(waits(0)).toEqual([125, 250, 500, 1000, 2000, 4000, 4000, 4000])
  })

  test('the first three in a row are not charged, and make a suspect', () => {
    let task = { cut: 0, charged: 0 }
    for (let at = 1; at <= 3; at++) {
      expect(gateOf({ ...task, fair: null })).not.toBe(SUSPECT)
      task = interrupted(task, 8)
      expect(task).toMatchObject({ cut: at, charged: 0, poison: false })
    }
    expect(gateOf({ ...task, fair: null })).toBe(SUSPECT)
    expect(interrupted(task, 8)).toMatchObject({ cut: 4, charged: 1, poison: false })
  })

  test.each([
    [undefined, 5],
    [1, 5],
    [8, 8],
  ])('with %s attempts of the policy a suspect is poison after %i charges', (attempts, charges) => {
    expect(interrupted({ cut: 9, charged: charges - 2 }, attempts).poison).toBe(false)
    expect(interrupted({ cut: 9, charged: charges - 1 }, attempts)).toMatchObject({
      charged: charges,
      poison: true,
    })
  })

  test('its error is named poison', () => {
    expect(poison(5)).toMatchObject({ name: 'poison', message: expect.stringContaining('5 times') })
  })
})

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
