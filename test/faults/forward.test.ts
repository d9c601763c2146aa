// Takes 10 s.
import { expect, test } from 'vitest'
import { forwardRun } from './forward.ts'

test('500 events to ten destinations that fail at random, killed twice: each gets each, with one id', async () => {
  const report = await forwardRun(500, 2)
  console.log(JSON.stringify(report))
  expect(report).toMatchObject({ lost: 0, wrongIds: 0, unsigned: 0, kills: 2 })
  expect(report.failures).toBeGreaterThan(500)
})
