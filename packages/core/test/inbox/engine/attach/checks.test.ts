import { describe, expect, test } from 'vitest'
import { checks, knownFor, unknownOptions } from '../../../../src/inbox/engine/index.ts'

interface Options {
  readonly path?: string
  readonly maxPending?: number
  readonly lease?: string | number
  readonly keepDead?: string | number
}

const check = (options: object) => checks<Options>('myInbox', options as Options)

test.each([
  [4, 5, 'keepDone', 5],
  [5, 4, 'dedupeWindow', 5],
  [5, 5, 'dedupeWindow', 5],
])(
  'with a window of %i and keepDone of %i, %s says how long ids are known',
  (window, keepDone, option, time) => {
    expect(knownFor({ dedupeWindow: window, keepDone })).toEqual({ option, time })
  },
)

describe('unknown options', () => {
  test('the nearest known name is given', () => {
    expect(() => unknownOptions('myInbox', { maxPendng: 1 }, ['maxPending', 'lease'])).toThrow(
      new TypeError('myInbox: unknown option maxPendng; did you mean maxPending?'),
    )
    expect(() => unknownOptions('myInbox', { Lease: 1 }, ['maxPending', 'lease'])).toThrow(
      'did you mean lease?',
    )
  })

  test('without a near one all known names are given', () => {
    expect(() => unknownOptions('on()', { colour: 1 }, ['name', 'retry'])).toThrow(
      new TypeError('on(): unknown option colour; known are name, retry'),
    )
  })

  test('an unknown option is an error even when it is undefined', () => {
    expect(() => unknownOptions('myInbox', { leese: undefined }, ['lease'])).toThrow(TypeError)
  })

  test.each([null, 'text', 3, ['a']])('%j is no object of options', (given) => {
    expect(() => unknownOptions('myInbox', given, [])).toThrow(/myInbox: options must be an object/)
  })

  test('known ones and none at all pass', () => {
    unknownOptions('myInbox', { lease: 1 }, ['lease'])
    unknownOptions('myInbox', undefined, ['lease'])
  })
})

describe('checks', () => {
  test('whole numbers keep their bound and have a default', () => {
    expect(check({}).whole('maxPending', 7)).toBe(7)
    expect(check({ maxPending: 3 }).whole('maxPending', 7)).toBe(3)
    for (const maxPending of [0, 1.5, '3', NaN])
      expect(() => check({ maxPending }).whole('maxPending', 7)).toThrow(
        /^myInbox: maxPending must be a whole number from 1 and up, got /,
      )
    expect(() => check({ maxPending: 2 }).whole('maxPending', 7, 3)).toThrow('from 3 and up, got 2')
  })

  test('times are milliseconds, spans reject a bare number', () => {
    expect(check({ lease: '2s' }).time('lease', '30s')).toBe(2000)
    expect(check({ lease: 5 }).time('lease', '30s')).toBe(5)
    expect(() => check({ lease: 0 }).time('lease', '30s')).toThrow('at least a millisecond')
    expect(check({}).span('keepDead', '30d')).toBe(30 * 86_400_000)
    expect(() => check({ keepDead: 1000 }).span('keepDead', '30d')).toThrow(
      new TypeError(
        "myInbox: keepDead must be a time with its unit such as '4d', got 1000; write '1000ms' for milliseconds, or maxDead for a count if the inbox has it",
      ),
    )
  })

  test('a flag is true or false', () => {
    expect(check({ path: false }).flag('path', true)).toBe(false)
    expect(check({}).flag('path', true)).toBe(true)
    expect(() => check({ path: 'no' }).flag('path', true)).toThrow(
      new TypeError('myInbox: path must be true or false, got "no"'),
    )
  })

  test('bounds themselves are allowed', () => {
    expect(check({ maxPending: 1 }).whole('maxPending', 7)).toBe(1)
    expect(check({ maxPending: 3 }).whole('maxPending', 7, 3)).toBe(3)
    expect(check({ lease: 1 }).time('lease', '30s')).toBe(1)
  })

  test.each(['time', 'span'] as const)('a %s that is none names its option', (kind) => {
    expect(() => check({ lease: 'soon' })[kind]('lease', '30s')).toThrow(/^myInbox: lease/)
  })

  test('a span that is no count elsewhere does not speak of one', () => {
    expect(() => check({ lease: 1000 }).span('lease', '30d')).toThrow(
      /^(?!.*maxDead)myInbox: lease must be a time with its unit/,
    )
  })

  test.each(['text', 3, ['a']])('%j is no object of options', (given) => {
    expect(() => check(given as object)).toThrow(/^myInbox: options must be an object/)
  })

  test('no options at all are all defaults', () => {
    const one = checks<Options>('myInbox', undefined)
    expect(one.common()).toEqual({
      maxPending: 1_000_000,
      maxWaitingBytes: 67_108_864,
      deadline: 5000,
      dedupeWindow: 4 * 86_400_000,
      keepDone: 4 * 86_400_000,
      keepDead: 30 * 86_400_000,
      lease: 30_000,
    })
    one.end()
  })

  test('each common option is read, and each default can be another one', () => {
    const given = {
      maxPending: 1,
      maxWaitingBytes: 2,
      deadline: 3,
      dedupeWindow: '4ms',
      keepDone: '5ms',
      keepDead: '6ms',
      lease: 7,
    } as const
    const read = { ...given, dedupeWindow: 4, keepDone: 5, keepDead: 6 }
    const one = check(given)
    expect(one.common()).toEqual(read)
    one.end()
    expect(check({}).common(given)).toEqual(read)
  })

  test('what nothing asked for is unknown at the end', () => {
    const one = check({ path: 'x', keepDaed: '1h' })
    expect(one.value('path')).toBe('x')
    one.common()
    expect(() => one.end()).toThrow('myInbox: unknown option keepDaed; did you mean keepDead?')
  })
})
