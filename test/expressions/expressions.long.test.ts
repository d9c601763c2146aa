// Takes 20 s.
import { check } from 'recheck'
import { expect, test } from 'vitest'
import { filesThatMakeThem, writtenExpressions } from './expressions.ts'

// recheck tries inputs on what it cannot prove: those of the character classes of XML take it some seconds.
const TIME = 30_000

test(
  'every regular expression that the network can reach takes time in proportion to its input',
  {
    timeout: 300_000,
  },
  async () => {
    const expressions = writtenExpressions()
    expect(expressions.length).toBeGreaterThan(100)
    const wrong: string[] = []
    for (const { source, flags, where } of expressions) {
      // An attack is judged by its number of steps, since on a busy machine a short one takes longer than a second.
      const result = await check(source, flags, { timeout: TIME, attackTimeout: TIME })
      if (result.status !== 'safe')
        wrong.push(`/${source}/${flags} is ${result.status} (${where.join(', ')})`)
    }
    expect(wrong).toEqual([])
  },
)

test('the expressions that are made of texts are known', () => {
  // Names of XML, each tried at one place; patterns of topics, which the app writes, on topics of at most 1,024 characters.
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
