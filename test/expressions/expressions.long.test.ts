// Takes 20 s.
import { check } from 'recheck'
import { expect, test } from 'vitest'
import { filesThatMakeThem, writtenExpressions } from './expressions.ts'

// If recheck cannot prove an expression safe, it tries inputs, the same ones each time. It counts steps to judge an
// attack, so it needs no time limits, which a busy machine would reach.
const LIMITS = { timeout: null, attackTimeout: null, randomSeed: 1 }

test(
  'every regular expression that the network can reach takes time in proportion to its input',
  {
    timeout: 600_000,
  },
  async () => {
    const expressions = writtenExpressions()
    expect(expressions.length).toBeGreaterThan(100)
    const wrong: string[] = []
    for (const { source, flags, where } of expressions) {
      const result = await check(source, flags, LIMITS)
      if (result.status !== 'safe')
        wrong.push(`/${source}/${flags} is ${result.status} (${where.join(', ')})`)
    }
    expect(wrong).toEqual([])
  },
)

test('the expressions that are made of texts are known', () => {
  // These files create expressions for XML names, which are tested at one position, and for the app's topic patterns,
  // which are tested on topics of at most 1,024 characters.
  expect(filesThatMakeThem()).toEqual([
    'packages/core/src/body/xml/xml-check.ts',
    'packages/core/src/inbox/engine/journal/delivery-filter.ts',
    'packages/core/src/inbox/engine/operate/filter.ts',
    'packages/core/src/subscribe/topics.ts',
  ])
})

test('recheck finds what is not linear', async () => {
  for (const source of ['/+$', '^(a+)+$', '[ \\t]*\\r?\\n'])
    expect((await check(source, '')).status).toBe('vulnerable')
})
