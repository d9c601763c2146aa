// Takes 20 s.
import { check } from 'recheck'
import { expect, test } from 'vitest'
import { filesThatMakeThem, writtenExpressions } from './expressions.ts'

// If recheck cannot prove an expression safe, it tries inputs. For the character classes of XML names, that takes
// several seconds. The same inputs come each time, and a busy machine may take its time.
const LIMITS = { timeout: 120_000, attackTimeout: 120_000, randomSeed: 1 }

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
      // recheck counts steps to judge an attack. The time limit is long, because on a busy machine even a short attempt
      // takes over a second.
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
